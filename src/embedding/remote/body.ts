import { EmbeddingError } from '../port.ts';

/** More than any answer to one request holds. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The text of an answer. Rejects with an `EmbeddingError` for one without end, and as `fetch` does when it breaks off. */
export async function bodyOf(response: Response, shown: string): Promise<string> {
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body) {
    bytes += part.length;
    // Leaving the loop ends the connection.
    if (bytes > MOST_BYTES)
      throw new EmbeddingError(
        `${shown} answered more than ${MOST_BYTES} bytes: it is no embeddings endpoint.`,
      );
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

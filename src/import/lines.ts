import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { invalid, said } from './folder.ts';

/** Longest line of a JSONL file, bytes. */
export const longestLine = 4 * 1024 * 1024;

/** One line: its number from 1, what it says, and how to name it in a message. */
export interface Line {
  readonly number: number;
  readonly value: unknown;
  /** `tasks.jsonl line 12`. */
  readonly place: string;
  /** Bytes of the file read until its end. */
  readonly offset: number;
}

/**
 * The lines of a JSONL file, parsed; blank ones are left out. Holds one chunk of the file at a time.
 * @throws {CoterieError} `import_invalid` naming the line that is not JSON, not UTF-8 or too long
 */
export async function* readLines(path: string, signal?: AbortSignal): AsyncGenerator<Line, void, undefined> {
  const name = basename(path);
  let number = 0;
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);

  const parse = (bytes: Buffer): Line | undefined => {
    number++;
    offset += bytes.length + 1;
    const place = `${name} line ${number}`;
    const text = decode(bytes, place).replace(/^\u{feff}/u, '');
    if (text.trim() === '') return undefined;
    try {
      return { number, value: JSON.parse(text), place, offset };
    } catch (error) {
      throw invalid(`${place} is not JSON: ${said(error)}`, error);
    }
  };

  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 256 * 1024,
    }) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      const bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        const line = parse(bytes.subarray(start, end));
        start = end + 1;
        if (line) yield line;
      }
      rest = bytes.subarray(start);
      if (rest.length > longestLine)
        throw invalid(`${name} line ${number + 1} is longer than ${longestLine} bytes`);
    }
    if (rest.length > 0) {
      const line = parse(rest);
      if (line) yield line;
    }
  } catch (error) {
    if (error instanceof CoterieError || signal?.aborted || !(error instanceof Error && 'syscall' in error))
      throw error;
    throw invalid(`${path} cannot be read: ${said(error)}`, error);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer, place: string): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw invalid(`${place} is not UTF-8`, error);
  }
}

/**
 * Size of a plain file in bytes.
 * @throws {CoterieError} `import_invalid` when it is missing or something else
 */
export async function fileBytes(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw invalid(`${path} cannot be read: ${said(error)}`, error);
  });
  if (!found.isFile()) throw invalid(`${path} is not a file`);
  return found.size;
}

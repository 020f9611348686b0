import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** Names what an answer says: who polls a list sends it back and is told when nothing changed. */
export const tagOf = (text: string): string =>
  `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;

/** Whether an `If-None-Match` names the answer. */
export const names = (header: string | undefined, tag: string): boolean =>
  (header ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);

export function sendUnchanged(
  outgoing: ServerResponse,
  { 'content-type': _, ...headers }: Readonly<Record<string, string>>,
  tag: string,
): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  outgoing.writeHead(304, { ...headers, etag: tag });
  outgoing.end();
}

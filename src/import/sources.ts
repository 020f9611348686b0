import { createHash } from 'node:crypto';

// Operations on a thing are named after the thing, in one form for every importer. So what came from Slack, was
// exported and is imported again from the export is known to be the same.

/** Longest `imported.source`. */
const longest = 512;

/** The name itself, or its beginning and its hash when it is too long to be a source. */
export function boundedSource(name: string): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, 440).toWellFormed()}:${createHash('sha256').update(name).digest('hex')}`;
}

export const reactionSource = (message: string, emoji: string, member: string): string =>
  boundedSource(`${message}:reaction:${emoji}:${member}`);

export const linkSource = (from: string, kind: string, to: string): string =>
  boundedSource(`${from}:${kind}:${to}`);

/** A move is named by where it led and when, so that a later import brings later moves. `at` in ms. */
export const moveSource = (task: string, status: string, at: number): string =>
  boundedSource(`${task}:${status}:${at}`);

/** A change named by what it changed to. */
export const changeSource = (thing: string, what: string, value: unknown): string =>
  boundedSource(
    `${thing}:${what}:${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)}`,
  );

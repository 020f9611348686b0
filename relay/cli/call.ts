import type { SearchQuery } from '../../schemas/index.ts';
import { failure } from '../../src/client/call.ts';
import type { Client } from '../../src/client/index.ts';
import type { Output } from './output.ts';
import type { Table } from './row.ts';
import type { Settings } from './settings.ts';
import type { View } from './show/terminal.ts';

/** What was typed after the verb. */
export interface Given {
  /** An argument; the empty string when an optional one is absent. */
  arg(index: number): string;
  /** The words of an argument that may be repeated, each as it was typed. */
  list(index: number): string[];
  /** The text of the last argument: its words joined, or all of stdin for `-`. */
  words(index: number): Promise<string>;
  text(flag: string): string | undefined;
  /** As `text`, and `-` reads stdin. */
  longText(flag: string): Promise<string | undefined>;
  number(flag: string): number | undefined;
  many(flag: string): string[] | undefined;
  has(flag: string): boolean;
}

/** The verbs of a team: those of a client, which an open replica has as well. */
export type Team = Client;

/** One run of one verb. */
export interface Call extends Given {
  readonly settings: Settings;
  readonly out: Output;
  /** The table that this verb is in. */
  readonly table: Table;
  /** Aborted by Ctrl-C, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** The team, through its node or its directory; connected once and closed after the verb. */
  team(): Promise<Team>;
  /** True when a node runs, so that others write meanwhile; without one, this command has the directory alone. */
  live(): Promise<boolean>;
  /** As `team`, before a write: says when the write makes the member. */
  writer(): Promise<Team>;
}

/** Resolves to the exit code, 0 when it says nothing. */
export type Verb = (call: Call) => Promise<number | undefined>;

/** A verb that asks once and shows the answer. */
export interface Asking<T> {
  readonly write?: boolean;
  readonly ask: (team: Team, call: Call) => Promise<T>;
  /** For people; with `--json` the answer itself is printed. */
  readonly show: (answer: T, view: View, call: Call) => string | Promise<string>;
}

/** Makes a verb that asks once. */
export function asking<T>({ write = false, ask, show }: Asking<T>): Verb {
  return async (call) => {
    const answer = await ask(await (write ? call.writer() : call.team()), call);
    if (call.out.json) call.out.data(answer);
    else call.out.print(await show(answer, call.out.view, call));
    return undefined;
  };
}

/** The idempotency key of a write, if one was given. */
export const once = (call: Call): { key: string | undefined } => ({
  key: call.text('idempotencyKey') ?? call.text('key'),
});

/** The page of a list. */
export const paged = (call: Call): { limit: number | undefined; cursor: string | undefined } => ({
  limit: call.number('limit'),
  cursor: call.text('cursor'),
});

/** How a search is ranked, and its page. What stands there is checked by whoever answers. */
export const searched = (call: Call) => ({
  sort: call.text('sort') as SearchQuery['sort'],
  mode: call.text('mode') as SearchQuery['mode'],
  explain: call.has('explain') || undefined,
  ...paged(call),
});

/** A command line that cannot be meant. */
export const misuse = (message: string, hint?: string, legal?: readonly string[]): Promise<Error> =>
  failure('usage', message, { ...(hint ? { hint } : {}), ...(legal ? { legal } : {}) });

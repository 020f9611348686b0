import { z } from 'zod';
import type { Holds, OperationTypeName } from '../operations/index.ts';
import { Person, Time } from './common.ts';

/** What happened, as it arrived here. */
export const Event = z.strictObject({
  /** `<feed epoch>.<number>`: resume after it. */
  cursor: z.string(),
  /** The operation's type, or `revised` when something already reported changed. */
  type: z.string(),
  /** The operation's hash. */
  operation: z.string(),
  /** The thing it is about: for a creation its own id. */
  subject: z.string(),
  log: z.string(),
  /** Channel id, for what happens in a channel. */
  channel: z.string().optional(),
  by: Person.nullable(),
  /** When it was made; for history its own time. */
  at: Time,
  /** True for history that was brought in: it notifies nobody. */
  imported: z.boolean().optional(),
  /** The operation's data, and its text where there is one. */
  data: z.record(z.string(), z.unknown()),
  body: z.record(z.string(), z.string()).optional(),
  removed: z.boolean().optional(),
  /** For `revised`: the operation whose arrival changed it. */
  cause: z.string().optional(),
});
/** An event of whatever type, for who reads all of them alike. */
export type Event = z.infer<typeof Event>;

/** What every event has, whatever its type. */
type Common = Omit<Event, 'type' | 'data' | 'body' | 'cause' | 'removed'>;

/** Texts that are not there are absent, never undefined. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** An operation that counted. Its texts are absent where it has none or they were removed. */
export type EventOf<T extends OperationTypeName> = T extends OperationTypeName
  ? Common & {
      type: T;
      data: Holds<T>['data'];
      body?: Present<Holds<T>['texts']> | undefined;
      removed?: boolean | undefined;
      cause?: undefined;
    }
  : never;

/** Something already reported changed: `operation` by the arrival of `cause`. */
export type RevisedEvent = Common & {
  type: 'revised';
  data: Record<never, never>;
  cause: string;
  body?: undefined;
  removed?: undefined;
};

/** Stands for numbers of the feed that were compacted away, `from` and `to` among them. */
export type GapEvent = Common & {
  type: 'gap';
  data: { from: number; to: number };
  body?: undefined;
  removed?: undefined;
  cause?: undefined;
};

/** An event as a stream gives it: its `type` tells what `data` and `body` hold. */
export type TypedEvent = EventOf<OperationTypeName> | RevisedEvent | GapEvent;

export const EventsQuery = z.strictObject({
  /** Cursor; absent = from now on; `0` = from the beginning. */
  since: z.string().max(128).optional(),
  /** Comma-separated operation types, a trailing `*` matches a prefix (`message.*`). */
  types: z.string().max(1024).optional(),
  /** Channel names or ids, comma-separated. */
  channels: z.string().max(4096).optional(),
  /** Handles or ids of whom it is by, comma-separated. */
  members: z.string().max(4096).optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

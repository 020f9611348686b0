import { z } from 'zod';
import { Hash } from '../primitives.ts';

/** Where operations of a type live. */
export type LogKind = 'members' | 'channels' | 'channel' | 'tasks' | 'memory' | 'reservations' | 'marks';

/** What a `subject` is in operations of a type; `creation` means it is empty and the hash becomes the id. */
export type SubjectKind =
  | 'creation'
  | 'workspace'
  | 'member'
  | 'channel'
  | 'message'
  | 'task'
  | 'comment'
  | 'memory'
  | 'reservation'
  | 'group'
  | 'any';

export interface OperationType {
  /** Logs in which it may stand. */
  readonly logs: readonly LogKind[];
  readonly subject: SubjectKind;
  /** True where the replica speaks for itself and `member` is absent. */
  readonly replicaSpeaks: boolean;
  readonly data: z.ZodType;
  /** Text fields; absent when the type has no body. */
  readonly body?: z.ZodType;
}

/** The same, with what `data` holds and which texts there are known to the compiler. */
export interface TypeOf<D extends z.ZodRawShape, B extends z.ZodRawShape> extends OperationType {
  readonly data: z.ZodObject<D, z.core.$strict>;
  readonly body?: z.ZodObject<B & { salt: typeof Hash }, z.core.$strict>;
}

// biome-ignore lint/complexity/noBannedTypes: a type without a body has no texts there
export const type = <D extends z.ZodRawShape, B extends z.ZodRawShape = {}>(
  logs: LogKind | readonly LogKind[],
  subject: SubjectKind,
  data: D,
  options: { body?: B; replicaSpeaks?: boolean } = {},
): TypeOf<D, B> => ({
  logs: typeof logs === 'string' ? [logs] : logs,
  subject,
  replicaSpeaks: options.replicaSpeaks ?? false,
  data: z.strictObject(data),
  ...(options.body ? { body: z.strictObject({ salt: Hash, ...options.body }) } : {}),
});

/** For each replica that speaks for the narrowed member, the last operations that count, a log at a time. Unlisted means none. */
export const Frontier = z.record(Hash, z.record(z.string().max(64), z.array(Hash).max(64)));

import type { z } from 'zod';
import { channelOperations, memoryOperations, messageOperations } from './conversation.ts';
import type { OperationType, TypeOf } from './define.ts';
import { anyOperations, markOperations } from './marks.ts';
import { membersOperations } from './members.ts';
import { reservationOperations, taskOperations } from './tasks.ts';

const all = {
  ...membersOperations,
  ...channelOperations,
  ...messageOperations,
  ...taskOperations,
  ...reservationOperations,
  ...memoryOperations,
  ...markOperations,
  ...anyOperations,
} as const;

export type OperationTypeName = keyof typeof all;

/** What the operations of a type hold: `data`, and the texts of `body`, which its salt is none of. */
export type Holds<T extends OperationTypeName> =
  (typeof all)[T] extends TypeOf<infer D, infer B>
    ? {
        readonly data: z.infer<z.ZodObject<D, z.core.$strict>>;
        readonly texts: Omit<z.infer<z.ZodObject<B, z.core.$strict>>, 'salt'>;
      }
    : never;

/** Every operation type of protocol 1. */
export const operationTypes: Readonly<Record<OperationTypeName, OperationType>> = all;

/** The type's definition, or `undefined` for one that this version does not know. */
export function operationType(name: string): OperationType | undefined {
  return Object.hasOwn(operationTypes, name) ? operationTypes[name as OperationTypeName] : undefined;
}

export type { Frontier, LogKind, OperationType, SubjectKind } from './define.ts';

import { channelOperations, memoryOperations, messageOperations } from './conversation.ts';
import type { OperationType } from './define.ts';
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

/** Every operation type of protocol 1. */
export const operationTypes: Readonly<Record<OperationTypeName, OperationType>> = all;

/** The type's definition, or `undefined` for one that this version does not know. */
export function operationType(name: string): OperationType | undefined {
  return Object.hasOwn(operationTypes, name) ? operationTypes[name as OperationTypeName] : undefined;
}

export type { Frontier, LogKind, OperationType, SubjectKind } from './define.ts';

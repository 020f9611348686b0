import type { Hash, Header, Role } from '../../schemas/index.ts';
import {
  foldSubject,
  type Op,
  type SubjectFold,
  type SubjectState,
  type Verdict,
} from '../../src/fold/index.ts';
import { hashOf, stampAt } from './random.ts';
import { start } from './world.ts';

let count = 0;

/** What a test says of an operation; the rest is made up. `at` is its stamp's time after the start, ms. */
export interface Said {
  readonly by?: string;
  readonly at?: number;
  readonly role?: Role;
  readonly data?: Header['data'];
  readonly body?: boolean;
  readonly imported?: Header['imported'];
  readonly name?: string;
}

/** One operation on the subject of `after[0]`, or a creation when it saw nothing. */
export function write(type: string, after: readonly Op[], said: Said = {}): Op {
  count++;
  const hash = said.name ?? hashOf(`${type} ${count}`);
  const first = after[0];
  return {
    hash,
    role: said.role ?? 'member',
    header: {
      v: 1,
      stamp: stampAt(start + (said.at ?? count), count),
      workspace: hashOf('workspace'),
      log: 'tasks',
      replica: hashOf('replica'),
      member: hashOf(said.by ?? 'ann'),
      seq: count,
      prev: '',
      after: after.map((op) => op.hash),
      type,
      subject: first === undefined ? '' : first.header.subject || first.hash,
      data: said.data ?? {},
      ...(said.body ? { bodyHash: hash } : {}),
      ...(said.imported === undefined ? {} : { imported: said.imported }),
    },
  };
}

/** Folds what must make a state, in the order given or any other. */
export function fold<S extends SubjectState>(
  one: SubjectFold<S>,
  ...ops: readonly Op[]
): { readonly state: S; readonly verdict: (op: Op) => Verdict | undefined } {
  const { state, verdicts } = foldSubject(one, ops, () => undefined);
  if (state === undefined) throw new Error('nothing was made');
  return { state, verdict: (op) => verdicts.get(op.hash) };
}

export const shown = <T>(register: readonly { readonly value: T }[]): T | undefined => register[0]?.value;

export const member = (name: string): Hash => hashOf(name);

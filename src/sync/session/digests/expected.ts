import { mostSegments } from '../../../log/segment.ts';
import type { ControlMessage } from '../../wire.ts';

type Segments = Extract<ControlMessage, { type: 'segments' }>;

/** What may come next in the answer to an inventory: each log once, in order, each in ranges that follow each other. */
export interface Expected {
  /** The log that comes last so far, and where its next range begins; 0: it is complete. */
  log: string;
  next: number;
  /** Of the logs but the members log, which comes before those of its range of names. */
  last: string;
  members: boolean;
}

export const expectAnswers = (): Expected => ({ log: '', next: 0, last: '', members: false });

/** Takes a message of the answer; false for one that no honest peer sends. */
export function takeAnswer(expected: Expected, { log, from, to, segments }: Segments): boolean {
  if (expected.next > 0) {
    if (log !== expected.log || from !== expected.next) return false;
  } else {
    const isMembers = log === 'members';
    if (from !== 1 || (isMembers ? expected.members : log <= expected.last)) return false;
    if (isMembers) expected.members = true;
    else expected.last = log;
  }
  if (to > mostSegments || (to !== 0 && to < from)) return false;
  let before = from - 1;
  for (const { n } of segments) {
    if (n <= before || n > (to === 0 ? mostSegments : to)) return false;
    before = n;
  }
  expected.log = log;
  expected.next = to === 0 ? 0 : to + 1;
  return true;
}

import fc from 'fast-check';
import type { Hash, Header, Role } from '../../schemas/index.ts';
import type { Op, Verdict } from '../../src/fold/index.ts';
import { counted, rejected } from '../../src/fold/index.ts';
import { hashOf, stampAt } from './random.ts';

export const day = 24 * 60 * 60 * 1000;
export const start = 1_700_000_000_000;
export const writers = ['ann', 'bob', 'cy', 'dee'].map((name) => hashOf(name));

/** One step of a random history: a writer learns from another or not, then writes on a fresh or an old base. */
export interface Step {
  readonly writer: number;
  readonly from: number;
  readonly learns: boolean;
  /** How many of the operations that it knew last its base leaves out. */
  readonly stale: number;
  readonly pick: number;
  readonly a: number;
  readonly b: number;
  readonly flag: boolean;
  readonly denied: boolean;
}

export interface History {
  readonly skews: readonly number[];
  readonly steps: readonly Step[];
}

/** Random histories of several writers whose clocks are up to a day apart. */
export const histories = (maxLength = 40): fc.Arbitrary<History> =>
  fc.record({
    skews: fc.array(fc.integer({ min: -day, max: day }), { minLength: 4, maxLength: 4 }),
    steps: fc.array(
      fc.record({
        writer: fc.nat(3),
        from: fc.nat(3),
        learns: fc.boolean(),
        stale: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
        pick: fc.nat(1000),
        a: fc.nat(1000),
        b: fc.nat(1000),
        flag: fc.boolean(),
        denied: fc.nat(11).map((n) => n === 0),
      }),
      { maxLength },
    ),
  });

/** What a step writes, given the hashes that its base shows. */
export type Write = (
  step: Step,
  known: readonly Op[],
) => {
  readonly type: string;
  readonly data?: Header['data'];
  readonly body?: boolean;
  /** The replica speaks for itself. */
  readonly alone?: boolean;
};

export interface World {
  readonly ops: readonly Op[];
  /** What membership says: some operations are rejected by it. */
  readonly admitted: (op: Op) => Verdict | undefined;
  /** Everything in the past of an operation, without it. */
  readonly past: (op: Op) => Op[];
}

/** Heads among operations: those that no other has in its `after`. */
export function headsOf(ops: readonly Op[]): Hash[] {
  const named = new Set(ops.flatMap((op) => op.header.after));
  return ops.filter((op) => !named.has(op.hash)).map((op) => op.hash);
}

export const roleOf = (writer: number): Role => (writer === 0 ? 'admin' : 'member');

/** Plays a history on one subject. `creation` makes it; without, it is there from the start under this id. */
export function play(
  history: History,
  creation: ReturnType<Write> | undefined,
  write: Write,
  given = hashOf('given'),
): World {
  const ops: Op[] = [];
  const knows: Op[][] = writers.map(() => []);
  const denied = new Set<Hash>();
  const add = (writer: number, after: readonly Hash[], what: ReturnType<Write>, subject: Hash | ''): Op => {
    const count = ops.length;
    const hash = hashOf(`${count} ${what.type} ${writer} ${history.skews.join()}`);
    const op: Op = {
      hash,
      role: roleOf(writer),
      header: {
        v: 1,
        stamp: stampAt(start + count * 1000 + (history.skews[writer] ?? 0), count),
        workspace: hashOf('workspace'),
        log: 'tasks',
        replica: hashOf(`replica ${writer}`),
        ...(what.alone ? {} : { member: writers[writer]! }),
        seq: count + 1,
        prev: '',
        after: [...after],
        type: what.type,
        subject,
        data: what.data ?? {},
        ...(what.body ? { bodyHash: hash } : {}),
      },
    };
    ops.push(op);
    return op;
  };
  let id = given;
  if (creation !== undefined) {
    const made = add(0, [], creation, '');
    id = made.hash;
    for (const known of knows) known.push(made);
  }
  for (const step of history.steps) {
    const known = knows[step.writer]!;
    if (step.learns) for (const op of knows[step.from]!) if (!known.includes(op)) known.push(op);
    // An old base: what the writer knew before the last few arrived, closed under `after`.
    const base = closed(known.slice(0, Math.max(1, known.length - step.stale)), known);
    const heads = headsOf(base);
    if (heads.length > 8) continue;
    const op = add(step.writer, heads, write(step, base), id);
    known.push(op);
    if (step.denied) denied.add(op.hash);
  }
  const byHash = new Map(ops.map((op) => [op.hash, op]));
  return {
    ops,
    admitted: (op) => (denied.has(op.hash) ? rejected('frontier', 'denied') : op.role ? undefined : counted),
    past: (op) => {
      const seen = new Set<Op>();
      const visit = (one: Op): void => {
        for (const hash of one.header.after) {
          const parent = byHash.get(hash);
          if (parent !== undefined && !seen.has(parent)) {
            seen.add(parent);
            visit(parent);
          }
        }
      };
      visit(op);
      return [...seen];
    },
  };
}

function closed(base: readonly Op[], known: readonly Op[]): Op[] {
  const byHash = new Map(known.map((op) => [op.hash, op]));
  const all = new Set(base);
  for (const op of all) {
    for (const hash of op.header.after) {
      const parent = byHash.get(hash);
      if (parent !== undefined) all.add(parent);
    }
  }
  return [...all];
}

const some = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
const text = { body: true };
const emoji = ['+1', 'tada', 'constructor', '__proto__'];
const labels = ['bug', 'ui', 'constructor', '__proto__'];
const statuses = ['todo', 'doing', 'blocked', 'review', 'done', 'cancelled'];
export const targets = ['one', 'two', 'three'].map((name) => hashOf(name));
const hashAt = (known: readonly Op[], n: number): Hash => some(known, n)?.hash ?? hashOf('nothing');

/** For each kind of subject: how it is made and what random steps write on it, now and then nonsense. */
export const kinds: Record<string, { creation: ReturnType<Write> | undefined; write: Write }> = {
  channel: {
    creation: { type: 'channel.create', data: { name: 'ops' } },
    write: (step) =>
      some(
        [
          { type: 'channel.update', data: { name: `n${step.a % 3}` } },
          { type: 'channel.update', data: { archived: step.flag, hops: step.a } },
          { type: 'channel.update', data: {}, ...text },
          { type: 'join' },
          { type: 'message.pin' },
        ],
        step.pick,
      ),
  },
  message: {
    creation: { type: 'message.create', data: {}, ...text },
    write: (step) =>
      some(
        [
          { type: 'message.edit', ...text },
          { type: 'message.edit', ...text },
          { type: 'message.react', data: { emoji: some(emoji, step.a) } },
          { type: 'message.react', data: { emoji: some(emoji, step.a) } },
          { type: 'message.unreact', data: { emoji: some(emoji, step.a) } },
          { type: 'message.pin' },
          { type: 'message.unpin' },
          { type: 'thread.resolve' },
          { type: 'thread.reopen' },
          { type: 'thread.follow', data: { state: some(['follow', 'mute', 'default'], step.a) } },
          { type: 'redact' },
          { type: 'join' },
          { type: 'task.move', data: { to: 'done' } },
        ],
        step.pick,
      ),
  },
  comment: {
    creation: { type: 'comment.create', data: { task: hashOf('task') }, ...text },
    write: (step) =>
      some([{ type: 'comment.edit', ...text }, { type: 'redact' }, { type: 'join' }], step.pick),
  },
  memory: {
    creation: { type: 'memory.create', data: { key: 'k', tags: ['a'] }, ...text },
    write: (step) =>
      some(
        [
          { type: 'memory.update', data: { tags: [some(labels, step.a)], expires: step.b }, ...text },
          { type: 'memory.update', data: {}, ...text },
          { type: 'memory.forget' },
          { type: 'redact' },
          { type: 'join' },
        ],
        step.pick,
      ),
  },
  reservation: {
    creation: { type: 'reservation.create', data: { globs: ['a'], until: start, incarnation: 'i1' } },
    write: (step, known) =>
      some(
        [
          { type: 'reservation.renew', data: { until: start + ((step.a % 50) - 10) * 1000 } },
          { type: 'reservation.renew', data: { until: start + ((step.a % 50) - 10) * 1000 } },
          { type: 'lease.expire', data: { lease: hashAt(known, 0) } },
          { type: 'lease.expire', data: { lease: step.flag ? hashAt(known, 0) : hashOf('lease') } },
          { type: 'reservation.release' },
          { type: 'redact' },
          { type: 'join' },
          { type: 'claim.release', data: {} },
        ],
        step.pick,
      ),
  },
  task: {
    creation: { type: 'task.create', data: { short: 'ann-1', texts: ['title'], labels: ['bug'] }, ...text },
    write: (step, known) =>
      some(
        [
          { type: 'task.update', data: { texts: ['title'] }, ...text },
          { type: 'task.update', data: { texts: ['description'], clear: ['criteria'] }, ...text },
          { type: 'task.update', data: { priority: `P${step.a % 4}`, assignee: some(writers, step.b) } },
          { type: 'task.update', data: { assignee: null, due: step.flag ? null : step.a } },
          { type: 'task.update', data: { addLabels: [some(labels, step.a), some(labels, step.b)] } },
          { type: 'task.update', data: { removeLabels: [some(labels, step.a)] } },
          { type: 'task.update', data: { addEvidence: [{ kind: 'note', ref: 'seen' }] } },
          { type: 'task.move', data: { to: some(statuses, step.a), force: step.flag } },
          { type: 'task.move', data: { to: some(statuses, step.a) } },
          { type: 'task.move', data: { to: some(statuses, step.a) } },
          { type: 'task.link', data: { kind: step.flag ? 'blocks' : 'related', to: some(targets, step.a) } },
          {
            type: 'task.unlink',
            data: { kind: step.flag ? 'blocks' : 'related', to: some(targets, step.a) },
          },
          ...['i1', 'i1', 'i2'].map((incarnation) => ({
            type: 'claim.request',
            data: { need: 'tentative', incarnation, force: step.flag },
          })),
          { type: 'claim.request', data: { need: 'granted', incarnation: 'i1' } },
          { type: 'claim.release', data: { claim: hashAt(claimsIn(known), step.a) } },
          { type: 'claim.withdraw', data: { request: hashAt(claimsIn(known), step.a) } },
          { type: 'redact' },
          { type: 'join' },
          { type: 'nothing.known' },
          ...arbiters(step, known),
          { type: 'claim.request', data: { need: 'granted', incarnation: 'i1', ttl: 1000 + step.a } },
          { type: 'claim.decide', data: { move: hashAt(movesIn(known), step.a), accept: step.flag } },
          { type: 'task.update', data: { reviewer: step.flag ? null : some(writers, step.b) } },
        ],
        step.pick,
      ),
  },
};

/** What the arbiter of some term writes; two terms begun apart have one number. */
function arbiters(step: Step, known: readonly Op[]): ReturnType<Write>[] {
  const request = hashAt(claimsIn(known), step.a);
  const epoch = { term: 1 + (step.b % 2), move: some(targets, step.b), counter: step.a };
  const until = start + step.b * 1000;
  return [
    { type: 'claim.grant', data: { request, epoch, until } },
    { type: 'claim.renew', data: { claim: request, epoch, until }, alone: true },
    { type: 'lease.expire', data: { lease: request, epoch } },
  ];
}

const movesIn = (known: readonly Op[]): Op[] => known.filter((op) => op.header.data['to'] === 'done');

const claimsIn = (known: readonly Op[]): Op[] => known.filter((op) => op.header.type === 'claim.request');

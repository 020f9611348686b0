import type fc from 'fast-check';
import type { Hash, Header } from '../../schemas/index.ts';
import { foldMembers, type MemberId, type Op, type Verdict } from '../../src/fold/index.ts';
import { hashOf, stampAt } from './random.ts';
import { day, type History, headsOf, histories, type Step, start } from './world.ts';

export const memberId: MemberId = (workspace, machine, handle) => hashOf(`${workspace}/${machine}/${handle}`);

export interface Spoken {
  readonly member?: Hash;
  readonly subject?: Hash;
  readonly at?: number;
  readonly imported?: Header['imported'];
  readonly log?: string;
  readonly body?: boolean;
}

/** A members log in the making: each replica has its own chain. */
export function log() {
  const ops: Op[] = [];
  const ends = new Map<Hash, Op>();
  const write = (
    replica: string,
    type: string,
    after: readonly (Op | Hash)[],
    data: Header['data'] = {},
    spoken: Spoken = {},
  ): Op => {
    const count = ops.length;
    const chain = hashOf(replica);
    const last = ends.get(chain);
    const op: Op = {
      hash: hashOf(`${count} ${replica} ${type}`),
      role: undefined,
      header: {
        v: 1,
        stamp: stampAt(start + (spoken.at ?? count * 1000), count),
        workspace: ops[0]?.hash ?? '',
        log: 'members',
        replica: chain,
        ...(spoken.member === undefined ? {} : { member: spoken.member }),
        seq: (last?.header.seq ?? 0) + 1,
        prev: last?.hash ?? '',
        after: after.map((one) => (typeof one === 'string' ? one : one.hash)),
        type,
        subject: spoken.subject ?? '',
        data,
        ...(spoken.body ? { bodyHash: hashOf(`body ${count}`) } : {}),
        ...(spoken.imported === undefined ? {} : { imported: spoken.imported }),
      },
    };
    ops.push(op);
    ends.set(chain, op);
    return op;
  };
  const genesis = write('machine', 'workspace.genesis', [], {
    name: 'Team',
    owner: 'machine key',
    arbiter: hashOf('r1'),
    nonce: hashOf('nonce'),
  });
  const id = (handle: string, machine = 'machine key'): Hash => memberId(genesis.hash, machine, handle);
  const admit = (replica: string, after: readonly Op[], more: Header['data'] = {}): Op =>
    write(replica, 'replica.admit', after, {
      key: `${replica} key`,
      encryption: `${replica} box`,
      seed: 'machine key',
      ...more,
    });
  const create = (replica: string, handle: string, after: readonly Op[], more: Header['data'] = {}): Op =>
    write(replica, 'member.create', after, { handle, kind: 'agent', machine: 'machine key', ...more });
  return { ops, genesis, write, id, admit, create };
}

export type Log = ReturnType<typeof log>;

/** A workspace with an owner, ann, on r1, and bob on r2; `last` is its head. */
export function team() {
  const made = log();
  const r1 = made.admit('r1', [made.genesis]);
  const ann = made.create('r1', 'ann', [r1]);
  const r2 = made.admit('r2', [ann]);
  const bob = made.create('r2', 'bob', [r2]);
  return { ...made, last: bob, ann: made.id('ann'), bob: made.id('bob') };
}

/** Folds and tells what became of some of its operations. */
export function folded(ops: readonly Op[]) {
  const { log: members, verdicts } = foldMembers(memberId, ops);
  return { state: members.state, verdict: (op: Op): Verdict | undefined => verdicts.get(op.hash) };
}

export const membersHistories = (length = 30): fc.Arbitrary<History> => histories(length);

const some = <T>(list: readonly T[], n: number): T => list[n % list.length]!;
const replicas = ['r1', 'r2', 'r3', 'r4'];
const handles = ['ann', 'bob', 'cy'];
const roles = ['reader', 'member', 'admin', 'owner'];

/** Plays a random history of membership: admissions, grants, narrowings and their frontiers, by honest and others. */
export function playMembers(history: History): { ops: readonly Op[]; past: (op: Op) => Op[] } {
  const made = team();
  const knows = replicas.map(() => [...made.ops]);
  for (const [index, step] of history.steps.entries()) {
    const known = knows[step.writer]!;
    if (step.learns) for (const op of knows[step.from]!) if (!known.includes(op)) known.push(op);
    const base = closed(
      known.slice(0, Math.max(made.ops.length > 5 ? 5 : 1, known.length - step.stale)),
      known,
    );
    const heads = headsOf(base);
    if (heads.length > 8) continue;
    const at = index * 1000 + Math.min(day, Math.max(-day, history.skews[step.writer] ?? 0));
    known.push(randomWrite(made, step, base, heads, at));
  }
  const byHash = new Map(made.ops.map((op) => [op.hash, op]));
  return {
    ops: made.ops,
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

function randomWrite(made: Log, step: Step, base: readonly Op[], heads: readonly Hash[], at: number): Op {
  const replica = some(replicas, step.writer);
  const invites = base.filter((op) => op.header.type === 'invite.create');
  const invite = invites.length > 0 ? some(invites, step.b) : undefined;
  const seed = invite && step.flag ? (invite.header.data['seed'] as string) : 'machine key';
  const people = [...handles.map((handle) => made.id(handle)), made.id('ann', 'ticket 1')];
  const speaks = { at, member: some(step.flag ? [made.id(handles[step.writer] ?? 'ann')] : people, step.a) };
  const about = { ...speaks, subject: some(people, step.b) };
  const whose = some(replicas, step.b);
  const frontier = frontierAt(base, step.a);
  const write = (type: string, data: Header['data'], spoken: Spoken): Op =>
    made.write(replica, type, heads, data, spoken);
  const choices: (() => Op)[] = [
    () =>
      write(
        'replica.admit',
        {
          ...{ key: 'k', encryption: 'e', seed },
          ...(invite
            ? { invite: invite.hash, countersign: { replica: hashOf('r1'), at: step.a, sig: '' } }
            : {}),
        },
        { at },
      ),
    () =>
      write(
        'member.create',
        {
          handle: some(handles, step.a),
          kind: 'agent',
          machine: seed,
          ...(step.flag ? { role: some(roles, step.b) } : {}),
        },
        { at },
      ),
    () =>
      write(
        'member.create',
        { handle: 'old', kind: 'human' },
        { ...speaks, imported: { at: 1, source: `s${step.a}` } },
      ),
    () => write('member.update', { handle: some(handles, step.a) }, { ...about, body: step.flag }),
    () => write('role.grant', { role: some(roles, step.a) }, about),
    () => write('role.grant', { role: some(roles, step.a) }, about),
    () => write('role.demote', { role: some(roles, step.a), frontier }, about),
    () =>
      write('replica.bind', { replica: hashOf(whose) }, step.flag ? { at, subject: about.subject } : about),
    () => write('replica.unbind', { replica: hashOf(whose), frontier }, about),
    () => write('replica.revoke', { replica: hashOf(whose), frontier }, speaks),
    () =>
      write(
        'invite.create',
        {
          ...{ seed: `ticket ${step.a % 2}`, role: some(roles, step.b), expires: 500, uses: 1 },
          countersigner: hashOf('r1'),
        },
        speaks,
      ),
    () => write('invite.revoke', { invite: invite?.hash ?? hashOf('none'), frontier }, speaks),
    () => write('arbiter.handover', { to: hashOf(whose), term: 1 + (step.a % 4), grants: [] }, { at }),
    () => write('arbiter.move', { to: hashOf(whose), term: 1 + (step.a % 4), frontier }, speaks),
    () => write('redact', {}, about),
    () => write('join', {}, { at }),
    () => write('group.create', { handle: 'all', members: people }, speaks),
    () => write('task.move', {}, speaks),
  ];
  return some(choices, step.pick)();
}

/** For each replica the last operation that some earlier moment showed. */
function frontierAt(base: readonly Op[], n: number): Record<Hash, Record<string, Hash[]>> {
  const frontier: Record<Hash, Record<string, Hash[]>> = {};
  for (const op of base.slice(0, (n % (base.length + 1)) + 1))
    frontier[op.header.replica] = { members: [op.hash] };
  return frontier;
}

function closed(base: readonly Op[], known: readonly Op[]): Op[] {
  const byHash = new Map(known.map((op) => [op.hash, op]));
  const all = new Set(base);
  for (const op of all)
    for (const hash of op.header.after) {
      const parent = byHash.get(hash);
      if (parent !== undefined) all.add(parent);
    }
  return [...all];
}

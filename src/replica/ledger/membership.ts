import type { Body, Hash, Person } from '../../../schemas/index.ts';
import { createMembers, foldMembers, type MemberId, type MembersLog } from '../../fold/index.ts';
import type { MemberState, MembersState, Op, Verdict } from '../../fold/types.ts';
import type { Database } from '../commit/database.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { operationsOf } from './chain.ts';

/** What came of one more operation of the members log. */
export interface Added {
  readonly verdict: Verdict;
  /** Verdicts of all operations, where the log was folded anew. */
  readonly all?: ReadonlyMap<Hash, Verdict> | undefined;
}

/** Who belongs to the workspace, in memory: the members log folded, and the names that people see. */
export interface Membership {
  readonly state: MembersState;
  readonly heads: readonly Hash[];
  /** Folds one more operation in. */
  add(op: Op, body: Body | undefined): Added;
  /** Takes one out again: its signature turned out not to hold. */
  remove(hash: Hash): ReadonlyMap<Hash, Verdict>;
  /** Whether a replica would be in force with these as well, which wait for nothing. Nothing of them is kept. */
  wouldAdmit(replica: Hash, more: readonly Op[]): boolean;
  /** Membership as operations with these heads saw it; all of them must be here. */
  at(heads: readonly Hash[]): MembersState;
  /** Returns what takes back everything added since. */
  savepoint(): () => void;
  /** True for the last operation of a chain that some narrowing lets count. */
  isFrontier(hash: Hash): boolean;
  /** Public key of a replica that was ever admitted. */
  keyOf(replica: Hash): string | undefined;
  /** Never fails: who is not known is shown by the id. */
  person(id: Hash): Person;
  byHandle(handle: string): readonly MemberState[];
  /** Members that were made with a handle, whatever they are called now; by its hash (`awaitedHandle`). History's authors are none. */
  madeAs(handle: Hash): readonly Hash[];
  /** The display name is read from the operation that wrote it; null once it was removed. */
  forgetName(op: Hash): void;
  /** Reads everything from the rows again: at opening, and after a refused write. */
  reload(): Promise<void>;
}

/** States of earlier heads that stay in memory. */
const keptStates = 16;

export function createMembership(options: {
  readonly database: Database;
  readonly memberId: MemberId;
  /** How operations name a handle that nobody bears. */
  readonly handleHash: (workspace: Hash, handle: string) => Hash;
}): Membership {
  const { database, memberId, handleHash } = options;
  let log: MembersLog = createMembers(memberId);
  let ops: Op[] = [];
  let known = new Set<Hash>();
  const names = new Map<Hash, string>();
  let handles: Map<string, Hash[]> | undefined;
  let made: Map<Hash, Hash[]> | undefined;
  let earlier = new Map<string, MembersState>();
  let frontiers: ReadonlySet<Hash> | undefined;

  function changed(): void {
    handles = undefined;
    made = undefined;
    earlier = new Map();
    frontiers = undefined;
  }

  function refold(): ReadonlyMap<Hash, Verdict> {
    const whole = foldMembers(memberId, ops);
    log = whole.log;
    changed();
    return whole.verdicts;
  }

  /** Made when first asked for; a new or renamed member unmakes it. */
  function index(): Map<string, Hash[]> {
    if (handles) return handles;
    handles = new Map();
    for (const member of log.state.members.values()) {
      const handle = member.handle[0]?.value;
      if (handle === undefined) continue;
      const known = handles.get(handle);
      if (known) known.push(member.id);
      else handles.set(handle, [member.id]);
    }
    return handles;
  }

  /** Made when a mention of somebody unknown asks. */
  function makings(): Map<Hash, Hash[]> {
    if (made) return made;
    made = new Map();
    const { members, workspace } = log.state;
    const handleOf = new Map(ops.map(({ hash, header }) => [hash, header.data['handle']]));
    for (const { id, imported, created } of members.values()) {
      const handle = handleOf.get(created.op);
      if (imported || typeof handle !== 'string') continue;
      const key = handleHash(workspace, handle);
      made.set(key, [...(made.get(key) ?? []), id]);
    }
    return made;
  }

  const name = (hash: Hash, body: Body | undefined): void => {
    if (body?.['name'] !== undefined) names.set(hash, body['name']);
  };

  /** The operations that these heads saw, themselves among them. */
  function past(heads: readonly Hash[]): Op[] {
    const byHash = new Map(ops.map((op) => [op.hash, op]));
    const seen = new Set<Hash>();
    const open = [...heads];
    for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
      const op = byHash.get(hash);
      if (!op || seen.has(hash)) continue;
      seen.add(hash);
      open.push(...op.header.after);
    }
    return ops.filter(({ hash }) => seen.has(hash));
  }

  return {
    get state() {
      return log.state;
    },
    get heads() {
      return log.state.heads;
    },
    add(op, body) {
      name(op.hash, body);
      if (!known.has(op.hash)) ops.push(op);
      known.add(op.hash);
      changed();
      const verdict = log.add(op);
      if (verdict !== 'refold') return { verdict };
      const all = refold();
      return { verdict: all.get(op.hash) ?? { state: 'counted' }, all };
    },
    remove(hash) {
      ops = ops.filter((op) => op.hash !== hash);
      known.delete(hash);
      names.delete(hash);
      return refold();
    },
    wouldAdmit(replica, more) {
      const { state } = foldMembers(memberId, [...ops, ...more.filter(({ hash }) => !known.has(hash))]).log;
      return state.replicas.get(replica)?.admissions.some(({ ended }) => ended.length === 0) ?? false;
    },
    at(heads) {
      const now = log.state.heads;
      if (heads.length === now.length && heads.every((hash) => now.includes(hash))) return log.state;
      const key = [...heads].sort().join();
      const made = earlier.get(key);
      if (made) return made;
      const state = foldMembers(memberId, past(heads)).log.state;
      if (earlier.size >= keptStates) earlier = new Map();
      earlier.set(key, state);
      return state;
    },
    savepoint() {
      const now = ops;
      const { length } = ops;
      return () => {
        // After a reload the rows have the say.
        if (ops !== now || ops.length === length) return;
        for (const op of ops.splice(length)) {
          names.delete(op.hash);
          known.delete(op.hash);
        }
        refold();
      };
    },
    isFrontier(hash) {
      frontiers ??= new Set(
        log.state.frontiers.flatMap(({ frontier }) =>
          Object.values(frontier).flatMap((logs) => Object.values(logs).flat()),
        ),
      );
      return frontiers.has(hash);
    },
    keyOf(replica) {
      return log.state.replicas.get(replica)?.key;
    },
    person(id) {
      const member = log.state.members.get(id);
      const handle = member?.handle[0]?.value ?? id;
      const shown = member?.name[0]?.value;
      return { id, handle, name: (shown && names.get(shown)) ?? handle };
    },
    byHandle(handle) {
      return (index().get(handle) ?? []).flatMap((id) => {
        const member = log.state.members.get(id);
        return member ? [member] : [];
      });
    },
    madeAs: (handle) => makings().get(handle) ?? [],
    forgetName: (op) => void names.delete(op),
    async reload() {
      const hashes = await operationsOf(database, 'members');
      const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
      names.clear();
      ops = [];
      known = new Set();
      let i = 0;
      for (const hash of hashes) {
        const row = rows[i++];
        if (!row || row.flaw || row.state?.state === 'waiting') continue;
        ops.push({ hash, header: row.header, role: undefined });
        known.add(hash);
        name(hash, row.body);
      }
      refold();
    },
  };
}

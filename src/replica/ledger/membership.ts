import type { Body, Hash, Person } from '../../../schemas/index.ts';
import {
  createMembers,
  foldMembers,
  type IsAtOrBefore,
  type MemberId,
  type MembersLog,
} from '../../fold/index.ts';
import type { MemberState, MembersState, Op, Verdict } from '../../fold/types.ts';
import type { Database } from '../commit/database.ts';
import { type ChainRow, keys, type OperationRow } from '../commit/rows.ts';

/** Who belongs to the workspace, in memory: the members log folded, and the names that people see. */
export interface Membership {
  readonly state: MembersState;
  readonly heads: readonly Hash[];
  /** Folds one more operation in. */
  add(op: Op, body: Body | undefined): Verdict;
  /** Returns what takes back everything added since. */
  savepoint(): () => void;
  readonly isAtOrBefore: IsAtOrBefore;
  /** Never fails: who is not known is shown by the id. */
  person(id: Hash): Person;
  byHandle(handle: string): readonly MemberState[];
  /** The display name is read from the operation that wrote it; null once it was removed. */
  forgetName(op: Hash): void;
  /** Reads everything from the rows again: at opening, and after a refused write. */
  reload(): Promise<void>;
}

export function createMembership(options: {
  readonly database: Database;
  readonly memberId: MemberId;
}): Membership {
  const { database, memberId } = options;
  let log: MembersLog = createMembers(memberId);
  let ops: Op[] = [];
  const names = new Map<Hash, string>();
  let handles: Map<string, Hash[]> | undefined;

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

  const name = (hash: Hash, body: Body | undefined): void => {
    if (body?.['name'] !== undefined) names.set(hash, body['name']);
  };

  return {
    get state() {
      return log.state;
    },
    get heads() {
      return log.state.heads;
    },
    add(op, body) {
      name(op.hash, body);
      ops.push(op);
      handles = undefined;
      const verdict = log.add(op);
      if (verdict !== 'refold') return verdict;
      const whole = foldMembers(memberId, ops);
      log = whole.log;
      return whole.verdicts.get(op.hash) ?? { state: 'counted' };
    },
    savepoint() {
      const now = ops;
      const { length } = ops;
      return () => {
        // After a reload the rows have the say.
        if (ops !== now || ops.length === length) return;
        for (const op of ops.splice(length)) names.delete(op.hash);
        handles = undefined;
        log = foldMembers(memberId, ops).log;
      };
    },
    isAtOrBefore(hash, frontier) {
      const header = database.get<OperationRow>(keys.operation(hash))?.header;
      if (!header) return false;
      return frontier.some((last) => {
        const end = database.get<OperationRow>(keys.operation(last))?.header;
        if (!end || end.log !== header.log || end.replica !== header.replica || end.seq < header.seq)
          return false;
        return database.get<ChainRow>(keys.chain(header.log, header.replica, header.seq))?.hash === hash;
      });
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
    forgetName: (op) => void names.delete(op),
    async reload() {
      names.clear();
      handles = undefined;
      ops = [];
      const chains = await database.under<ChainRow>('v/chain/members/');
      const hashes = chains.map(([, { hash }]) => hash);
      const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
      for (const [i, row] of rows.entries()) {
        const hash = hashes[i];
        if (!row || hash === undefined) continue;
        ops.push({ hash, header: row.header, role: undefined });
        name(hash, row.body);
      }
      log = foldMembers(memberId, ops).log;
    },
  };
}

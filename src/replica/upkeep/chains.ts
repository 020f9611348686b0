import type { Hash } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { checkChain, keyId, readEntry } from '../../op/index.ts';
import type { Database } from '../commit/database.ts';
import {
  type ChainRow,
  decodeRow,
  entryOf,
  type ForkedRow,
  type HeadRow,
  keys,
  type OperationRow,
  under,
} from '../commit/rows.ts';
import { counters } from '../ledger/state.ts';
import { isChained } from '../ledger/turn.ts';
import type { DoctorOptions } from './doctor.ts';
import { damaged, type Finding } from './finding.ts';
import { copiedWarning, revokedWarning } from './warnings.ts';

/** Operations of one chain that are checked together. */
const step = 2000;

/** Every operation is the one that its name says, and every chain is whole and signed. */
export async function operations(options: DoctorOptions): Promise<Finding[] | string> {
  const { database, membership, progress } = options;
  const findings: Finding[] = [];
  const atFirst = counters(database).operations;
  const owner = keyId(nodeCrypto, membership.state.owner);
  let count = 0;
  for (const [key, head] of await database.under<HeadRow>('v/head/')) {
    const [, , log = '', replica = ''] = key.split('/');
    const publicKey = membership.keyOf(replica) ?? (owner === replica ? membership.state.owner : undefined);
    const chain = { log, replica, publicKey, own: replica === options.self };
    const numbered = new Set<Hash>();
    const forked =
      head.trunk === undefined ? [] : await database.under<ForkedRow>(`v/forked/${log}/${replica}/`);
    const seqs = new Set(forked.map(([, { seq }]) => seq));
    for (let from = 1; from <= head.seq; ) {
      const found = await stretch(database, { ...chain, from, to: head.seq }, seqs);
      from = found.next;
      findings.push(...found.findings);
      if (head.trunk !== undefined) for (const hash of found.hashes) numbered.add(hash);
      count += found.hashes.length;
      progress?.({ stage: 'operations', done: count, total: null });
    }
    if (head.trunk === undefined) continue;
    const beside = forked
      .map(([at]) => at.slice(at.lastIndexOf('/') + 1))
      .filter((hash) => !numbered.has(hash));
    findings.push(...(await whole(database, beside, chain)));
    count += beside.length;
  }
  // An operation that no chain knows is one that a hidden row made the writer forget.
  let stored = 0;
  for await (const [, value] of options.storage.store.scan(under('op/')))
    if (isChained(decodeRow<OperationRow>(value))) stored++;
  const since = counters(database).operations - atFirst;
  if (stored < count || stored > count + since)
    findings.push(damaged('chains', `${stored} operations are stored, and the chains have ${count}`));
  return findings.length > 0 ? findings : `${count} operations are whole, chained and signed`;
}

interface Chain {
  readonly log: string;
  readonly replica: Hash;
  readonly publicKey: string | undefined;
  /** This replica's: nothing may be missing. */
  readonly own: boolean;
}

/**
 * The next operations of one chain that are here, up to the number `to`. `beside`: numbers of those that stand beside it,
 * where it forks. Its numbers are what its replica says: they are never counted through.
 */
async function stretch(
  database: Database,
  chain: Chain & { readonly from: number; readonly to: number },
  beside: ReadonlySet<number>,
): Promise<{ findings: Finding[]; hashes: Hash[]; next: number }> {
  const { log, replica, from } = chain;
  const rows = await database.list<ChainRow>({
    gte: keys.chain(log, replica, from),
    lt: keys.chain(log, replica, chain.to + 1),
    limit: step,
  });
  const there = new Set(rows.map(([key]) => Number(key.slice(key.lastIndexOf('/') + 1))));
  const to = rows.length < step ? chain.to : Math.max(...there);
  let missing = to - from + 1 - rows.length;
  for (const seq of beside) if (seq >= from && seq <= to && !there.has(seq)) missing--;
  const findings: Finding[] = [];
  // Of others some may not have come yet.
  if (missing > 0 && chain.own)
    findings.push(damaged(`chain ${log}`, `${missing} of its operations ${from} to ${to} are missing`));
  const hashes = rows.map(([, { hash }]) => hash);
  return { findings: [...findings, ...(await whole(database, hashes, chain))], hashes, next: to + 1 };
}

/** Operations of one chain are what their names say, and signed. */
async function whole(
  database: Database,
  hashes: readonly Hash[],
  { log, replica, publicKey, own }: Chain,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const rows = await database.getMany<OperationRow>(hashes.map(keys.operation));
  for (const [i, row] of rows.entries()) {
    const hash = hashes[i];
    const read = row && readEntry(nodeCrypto, entryOf(row));
    if (!read?.ok || read.hash !== hash)
      findings.push(damaged(`operation ${hash}`, row ? 'it is not what its name says' : 'it is missing'));
  }
  const entries = rows.flatMap((row) => (row ? [entryOf(row)] : []));
  if (publicKey === undefined || entries.length === 0) return findings;
  const { bad } = await checkChain(nodeCrypto, entries, publicKey);
  for (const { hash, reason } of bad)
    if (reason !== 'chain' || own)
      findings.push(damaged(`operation ${hash ?? 'of unknown name'}`, `its ${reason} does not hold`));
  // Signed as it is: whoever has the key numbers as it likes, and it is here as it came.
  const lying = bad.filter(({ reason }) => reason === 'chain').length;
  if (lying > 0 && !own)
    findings.push({
      what: `chain ${log}`,
      state: 'warning',
      message: `the numbers of ${lying} operations of ${replica} do not follow those that they name`,
      hint: 'No honest replica numbers so. An admin can revoke it: coterie revoke',
    });
  return findings;
}

/** That this replica is out, keys that are used twice, documents that are broken, chains that fork: nothing is lost, and someone must know. */
export async function replicas({ database, membership, self }: DoctorOptions): Promise<Finding[] | string> {
  const findings: Finding[] = [];
  const warn = (what: string, message: string, hint: string): void =>
    void findings.push({ what, state: 'warning', message, hint });
  for (const one of [revokedWarning({ database, membership, replica: self }), copiedWarning(database, self)])
    if (one) warn(one.what, one.message, one.hint);
  for (const [key, hashes] of await database.under<readonly Hash[]>('v/fork/')) {
    const [, , log = '', replica = ''] = key.split('/');
    if (replica !== self)
      warn(
        `chain ${log}`,
        `it forks at ${hashes.length} operations of ${replica}`,
        'Its directory was copied or restored.',
      );
  }
  for (const [key] of await database.under<number>('split/'))
    warn(key.slice('split/'.length), 'its structures are broken', 'It is synced by key; nothing is lost.');
  const row = counters(database);
  return findings.length > 0 ? findings : `${row.waiting} operations wait for others`;
}

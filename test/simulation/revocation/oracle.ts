import type { Hash } from '../../../schemas/index.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';

/** Everything that a station holds, by hash. */
export async function rowsAt(station: Station): Promise<Map<Hash, OperationRow>> {
  const rows = await station.rows<OperationRow>('op/');
  return new Map(rows.map(([key, row]): [Hash, OperationRow] => [key.slice('op/'.length), row]));
}

export const isCounted = (row: OperationRow | undefined): boolean =>
  row !== undefined && !row.flaw && (row.state === undefined || row.state.state === 'counted');

const narrowings = new Set(['replica.revoke', 'role.demote', 'replica.unbind']);
/** What these runs write: it counts unless it is cut, whatever else is there. */
const contents = new Set(['message.create', 'task.create', 'memory.create']);

type Frontier = Record<Hash, Record<string, Hash[]>>;

/** Whether a narrowing is about an operation: of the replica, or of the member, through the replica that was unbound. */
function concerns({ header: { type, data, subject } }: OperationRow, { header }: OperationRow): boolean {
  if (type === 'replica.revoke') return header.replica === data['replica'];
  if (type === 'role.demote') return header.member === subject;
  return header.member === subject && header.replica === data['replica'];
}

/** The operation is one that the frontier lists, or before one in its chain. */
function isWithin(rows: ReadonlyMap<Hash, OperationRow>, hash: Hash, frontier: Frontier): boolean {
  const header = rows.get(hash)?.header;
  if (!header) return false;
  return (frontier[header.replica]?.[header.log] ?? []).some((last) => {
    for (let at: Hash | undefined = last; at; at = rows.get(at)?.header.prev) if (at === hash) return true;
    return false;
  });
}

/**
 * What is wrong with the verdicts of one station, by nothing but the rule: what members wrote counts where each narrowing
 * that is about it lists it or what follows it, and counts nowhere where one does not. Narrowings themselves stand.
 */
export function misjudged(
  name: string,
  rows: ReadonlyMap<Hash, OperationRow>,
): { wrong: string[]; cut: number } {
  const wrong: string[] = [];
  let cut = 0;
  const all = [...rows].filter(([, row]) => narrowings.has(row.header.type) && isCounted(row));
  for (const [hash, row] of rows) {
    if (!contents.has(row.header.type)) continue;
    const within = all.every(
      ([, narrowed]) =>
        !concerns(narrowed, row) || isWithin(rows, hash, narrowed.header.data['frontier'] as Frontier),
    );
    if (!within) cut += 1;
    if (isCounted(row) !== within)
      wrong.push(
        `${hash} (${row.header.type}) of ${row.header.replica} ${within ? 'is lost' : 'counts beyond a frontier'} at ${name}: ${JSON.stringify(row.state)}`,
      );
  }
  return { wrong, cut };
}

import type { Hash } from '../../../schemas/index.ts';
import type { TaskState } from '../../../src/fold/types.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { operationsAt } from './model.ts';

/** Views that follow from the operations alone, whatever the order of their arrival. */
const views = [
  ...['state', 'on', 'channel', 'name', 'message', 'reply', 'thread', 'task', 'tasks', 'short', 'held'],
  ...['comment', 'comments', 'link', 'edge', 'dropped', 'memory', 'memorykey', 'superseded', 'reservation'],
  ...['lease', 'alias', 'rejected', 'waiting'],
];

async function saidAt(station: Station): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  for (const [hash, { header, state, body }] of await operationsAt(station))
    if (!header.log.startsWith('marks.'))
      said.set(
        `op/${hash}`,
        `${header.type} ${JSON.stringify(state ?? 'counted')} ${body ? 'text' : 'none'}`,
      );
  for (const view of views)
    for (const [key, row] of await station.rows(`v/${view}/`)) said.set(key, JSON.stringify(row));
  return said;
}

/** In what stations that hold the same operations differ. */
export async function unequal(stations: readonly Station[]): Promise<string[]> {
  const [first, ...others] = stations;
  if (!first) return [];
  const here = await saidAt(first);
  const wrong: string[] = [];
  for (const other of others) {
    const there = await saidAt(other);
    for (const key of new Set([...here.keys(), ...there.keys()]))
      if (here.get(key) !== there.get(key))
        wrong.push(`${key}: ${here.get(key)} at ${first.name}, ${there.get(key)} at ${other.name}`);
  }
  return wrong;
}

/** Links that close a cycle of their kind. */
export async function cycles(station: Station): Promise<string[]> {
  const next = new Map<string, string[]>();
  for (const [key] of await station.rows('v/edge/')) {
    const [, , kind = '', from = '', to = ''] = key.split('/');
    next.set(`${kind} ${from}`, [...(next.get(`${kind} ${from}`) ?? []), `${kind} ${to}`]);
  }
  const done = new Set<string>();
  const wrong: string[] = [];
  function walk(at: string, path: readonly string[]): void {
    if (path.includes(at)) wrong.push(`links close a cycle at ${station.name}: ${[...path, at].join(' > ')}`);
    if (path.includes(at) || done.has(at)) return;
    for (const to of next.get(at) ?? []) walk(to, [...path, at]);
    done.add(at);
  }
  for (const at of next.keys()) walk(at, []);
  return wrong;
}

/** What an operation saw of its subject, far back. */
export function pastOf(operations: ReadonlyMap<Hash, OperationRow>, hash: Hash): Set<Hash> {
  const past = new Set<Hash>();
  const open = [...(operations.get(hash)?.header.after ?? [])];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (past.has(one)) continue;
    past.add(one);
    open.push(...(operations.get(one)?.header.after ?? []));
  }
  return past;
}

type Named = Readonly<Record<string, readonly { readonly op: Hash }[]>>;
/** What writes a field, by the kind of its thing. */
const writers: readonly (readonly [field: string, writes: (row: OperationRow) => boolean])[] = [
  ['status', ({ header }) => header.type === 'task.move'],
  ['title', ({ header, body }) => header.type === 'task.update' && body?.['title'] !== undefined],
  ['assignee', ({ header }) => header.type === 'task.update' && header.data['assignee'] !== undefined],
  ['text', ({ header }) => header.type === 'message.edit'],
];

type Rows = readonly (readonly [Hash, OperationRow])[];

function countedBySubject(operations: ReadonlyMap<Hash, OperationRow>): Map<Hash, Rows> {
  const bySubject = new Map<Hash, Rows>();
  for (const [hash, row] of operations)
    if (row.state === undefined)
      bySubject.set(row.header.subject, [...(bySubject.get(row.header.subject) ?? []), [hash, row]]);
  return bySubject;
}

/** Values that show although a write that saw them replaced them, whatever the clocks say. */
export async function outdated(station: Station): Promise<string[]> {
  const operations = await operationsAt(station);
  const bySubject = countedBySubject(operations);
  const wrong: string[] = [];
  for (const [key, state] of await station.rows<Named>('v/state/')) {
    const rows = bySubject.get(key.slice('v/state/'.length)) ?? [];
    for (const [field, writes] of writers) {
      const shown = state[field];
      if (!Array.isArray(shown)) continue;
      for (const [hash] of rows.filter(([, row]) => writes(row))) {
        const past = pastOf(operations, hash);
        for (const { op } of shown)
          if (past.has(op))
            wrong.push(`${field} of ${key} shows ${op} at ${station.name}, which ${hash} replaced`);
      }
    }
  }
  return wrong;
}

/** Tasks as they are folded at a station. */
export async function tasksAt(station: Station): Promise<TaskState[]> {
  const rows = await station.rows<TaskState>('v/state/');
  return rows.flatMap(([, state]) => (state.kind === 'task' ? [state] : []));
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { segmentDigest, treeDigest } from '../../../src/log/index.ts';
import { entryKey } from '../../../src/op/index.ts';
import { decodeRow, type OperationRow, under } from '../../../src/replica/commit/rows.ts';
import { openReplica } from '../../../src/replica/open.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { openStorage } from '../../../src/storage/open.ts';

/** What a child said (see replica-child.mjs). */
interface Said {
  readonly kind: string;
  readonly id?: string;
  readonly text?: string;
  readonly key?: string;
  readonly short?: string;
  readonly member?: string;
  readonly through?: string;
  readonly workspace?: string;
  readonly code?: string;
}

export const readSaid = (lines: readonly string[]): Said[] =>
  lines.map((line): Said => JSON.parse(line) as Said);

/** How much of what was said is an acknowledgement. */
export const acknowledgements = (said: readonly Said[]): number =>
  said.filter(({ kind }) => ['message', 'edit', 'task', 'memory', 'acknowledged'].includes(kind)).length;

/** Digest of the workspace, computed from the stored operations alone. The directory must be closed. */
export async function digestOfOperations(directory: string): Promise<string> {
  const storage = await openStorage({ directory, durability: 'os', reserve: 0 });
  try {
    const logs = new Map<string, Map<number, [string, boolean][]>>();
    for (const [key, value] of await storage.store.list(under('op/'))) {
      const row = decodeRow<OperationRow>(value);
      if (row.header.log.startsWith('marks.')) continue;
      const segments = logs.get(row.header.log) ?? new Map<number, [string, boolean][]>();
      logs.set(row.header.log, segments);
      const entries = segments.get(row.segment) ?? [];
      segments.set(row.segment, entries);
      entries.push([entryKey(nodeCrypto, key.slice('op/'.length), row.sig), row.body !== undefined]);
    }
    return treeDigest(
      nodeCrypto,
      [...logs].map(([log, segments]): [string, string] => [
        log,
        treeDigest(
          nodeCrypto,
          [...segments].map(([n, entries]): [string, string] => [
            String(n),
            segmentDigest(nodeCrypto, entries),
          ]),
        ),
      ]),
    );
  } finally {
    await storage.close();
  }
}

/** Opens what is below `root` and says what is wrong with it, given what was acknowledged. */
export async function auditReplica(root: string, said: readonly Said[]): Promise<string[]> {
  const findings: string[] = [];
  let replica: Replica;
  const directory = join(root, 'data');
  if (!existsSync(directory) && acknowledgements(said) > 0) return ['the directory is gone'];
  try {
    replica = await openReplica({ directory, config: join(root, 'config'), as: 'kai', durability: 'os' });
  } catch (error) {
    return [`it does not open: ${error instanceof Error ? error.message : String(error)}`];
  }
  let digest = '';
  try {
    for (const { workspace } of said)
      if (workspace !== undefined && workspace !== replica.workspace.id)
        findings.push(`the workspace is ${replica.workspace.id}, it was ${workspace}`);
    if ((await replica.channels.list()).items.length !== 5)
      findings.push('the default channels are not there');
    await auditThings(replica, said, findings);
    await auditRefused(replica, said, findings);
    await auditMarks(replica, said, findings);
    const report = await replica.doctor();
    for (const { state, what, message } of report.findings)
      if (state !== 'ok') findings.push(`doctor: ${what}: ${message}`);
    const after = await replica.messages.post('shipping', { text: 'after' });
    if ((await replica.messages.get(after.id)).text !== 'after') findings.push('it does not go on');
    digest = (await replica.status()).digest;
  } catch (error) {
    findings.push(`it ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    await replica.close();
  }
  const expected = await digestOfOperations(directory);
  if (digest !== expected) findings.push(`the digest is ${digest}, of the operations it is ${expected}`);
  return findings;
}

async function auditThings(replica: Replica, said: readonly Said[], findings: string[]): Promise<void> {
  const versions = new Map<string, string[]>();
  const shorts = new Set<string>();
  const looks: Readonly<Record<string, (id: string, text: string, short: string) => Promise<unknown>>> = {
    async message(id, text) {
      const { items } = await replica.history(id);
      if (items[0]?.body?.['text'] !== text) findings.push(`message ${id} is not as it was posted`);
    },
    async task(id, text, short) {
      const task = await replica.tasks.get(id);
      if (task.title !== text || task.short !== short) findings.push(`task ${short} is not as it was made`);
      if (shorts.has(short)) findings.push(`${short} was given twice`);
      shorts.add(short);
    },
    edit: async (id, text) => versions.set(id, [...(versions.get(id) ?? []), text]),
    memory: async (id, text) => versions.set(id, [...(versions.get(id) ?? []), text]),
  };
  for (const { kind, id = '', text = '', short = '' } of said)
    await looks[kind]?.(id, text, short).catch((error: unknown) =>
      findings.push(`acknowledged ${kind} ${id}: ${error instanceof Error ? error.message : String(error)}`),
    );
  for (const [id, texts] of versions) {
    const { items } = await replica.history(id, { limit: 1000 });
    const there = new Set(items.map(({ body }) => body?.['text']));
    for (const text of texts)
      if (!there.has(text)) findings.push(`a version of ${id} is gone: ${text.slice(0, 40)}`);
  }
}

/** What was refused is not there, but for what the disk is known to have taken in spite of its error. */
async function auditRefused(replica: Replica, said: readonly Said[], findings: string[]): Promise<void> {
  const refused = new Set(said.flatMap(({ kind, text }) => (kind === 'refused' && text ? [text] : [])));
  if (refused.size === 0) return;
  for (const channel of ['general', 'dev']) {
    let cursor: string | undefined;
    do {
      const page = await replica.messages.list(channel, { limit: 1000, ...(cursor ? { cursor } : {}) });
      for (const { text } of page.items)
        if (text !== null && refused.has(text)) findings.push(`refused and there: ${text.slice(0, 40)}`);
      cursor = page.next;
    } while (cursor !== undefined);
  }
}

async function auditMarks(replica: Replica, said: readonly Said[], findings: string[]): Promise<void> {
  const last = new Map<string, string>();
  for (const { kind, member, through } of said)
    if (kind === 'acknowledged' && member && through) last.set(member, through);
  for (const [member, through] of last) {
    const [epoch = '', n = ''] = through.split('.');
    const { items } = await replica.as(member).catchUp({ budget: 200_000, limit: 1000 });
    for (const item of items) {
      if (item.kind !== 'operation') continue;
      const [itsEpoch, at] = item.event.cursor.split('.');
      if (itsEpoch === epoch && Number(at) <= Number(n))
        findings.push(`${member} acknowledged all up to ${n}, and ${at} is pending`);
    }
  }
}

import type { DoctorReport, Entry, Hash, Progress, RemoteInfo, Warning } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { entryKey } from '../../op/index.ts';
import type { Storage } from '../../storage/open.ts';
import { mostClients, type Pads } from '../../storage/pads.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { decodeRow, entryOf, keys, type OperationRow, type SegmentRow, under } from '../commit/rows.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import type { Digests } from '../documents/digest.ts';
import type { Documents } from '../documents/documents.ts';
import type { Keyring } from '../epochs/keyring.ts';
import type { Membership } from '../ledger/membership.ts';
import { counters } from '../ledger/state.ts';
import { entriesOf } from '../ledger/subjects/redaction.ts';
import type { KeptRefusals } from '../sync/kept-refusals.ts';
import type { Refusals } from '../sync/refusals.ts';
import { remake } from '../sync/split.ts';
import { operations, replicas } from './chains.ts';
import { damaged, type Finding } from './finding.ts';
import { epochsWarning, keptText, padsWarning, refusedText, relaysWarning } from './warnings.ts';

export interface DoctorOptions {
  readonly storage: Storage;
  readonly database: Database;
  readonly commits: Commits;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  readonly membership: Membership;
  readonly random: (bytes: number) => Uint8Array;
  readonly refusals: () => Refusals;
  readonly refused: Pick<KeptRefusals, 'senders'>;
  readonly pads: Pick<Pads, 'crowded'>;
  readonly keyring: Pick<Keyring, 'lacking' | 'used'>;
  readonly clocks: () => Warning | undefined;
  readonly remotes: () => readonly RemoteInfo[];
  /** This replica. */
  readonly self: Hash;
  readonly digests: Digests;
  readonly progress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at everything: tables against their sums, each operation against its hash, each chain against its signatures,
 * each document against the operations. A damaged document is made anew from the operations; what else is damaged is
 * told, with what to do.
 */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const findings: Finding[] = [];
  const look = async (what: string, check: () => Promise<Finding[] | string>): Promise<void> => {
    options.signal?.throwIfAborted();
    options.progress?.({ stage: what, done: 0, total: null });
    try {
      const result = await check();
      findings.push(
        ...(typeof result === 'string' ? [{ what, state: 'ok' as const, message: result }] : result),
      );
    } catch (error) {
      findings.push(damaged(what, error instanceof Error ? error.message : String(error)));
    }
  };
  await look('journal and document tables', () => tables(options));
  await look('operations', () => operations(options));
  await look('documents', () => documentsOf(options));
  await look('checkpoints', async () => {
    const { trouble } = options.checkpoints;
    return trouble
      ? [damaged('checkpoints', trouble.message, 'Free some space; the journal holds everything meanwhile.')]
      : `${options.documents.uncheckpointed().operations} operations wait for a checkpoint`;
  });
  await look('removed text', async () => {
    const due = await options.database.under('purge/');
    if (due.length === 0) return 'none is left on disk';
    const message = `text removed from ${due.length} documents is still in files here`;
    return [
      {
        what: 'removed text',
        state: 'warning',
        message,
        hint: 'It leaves in the background, or at once with: coterie compact',
      },
    ];
  });
  await look('views', () => views(options));
  await look('replicas', () => replicas(options));
  await look('refused updates', async () => refusedText(options.refusals()) ?? 'none since it was opened');
  await look('refused so far', async () => keptText(options.refused.senders()) ?? 'nobody');
  await look('pads', async () => {
    const warning = padsWarning(options.pads.crowded());
    if (!warning) return `none that was loaded has ${mostClients} clients`;
    return [{ ...warning, state: 'warning' }];
  });
  await look('key epochs', async () => {
    const warning = epochsWarning(options.keyring);
    return warning ? [{ ...warning, state: 'warning' }] : 'none is lacking that is needed here';
  });
  await look('relays', async () => {
    const remotes = options.remotes();
    const warning = relaysWarning(remotes);
    if (warning) return [{ ...warning, state: 'warning' }];
    return remotes.length === 0 ? 'none is linked with here' : 'nothing was found out of any';
  });
  await look('clock', async () => {
    const warning = options.clocks();
    return warning ? [{ ...warning, state: 'warning' }] : 'none that was heard of is more than 5 minutes off';
  });
  return { ok: findings.every(({ state }) => state === 'ok' || state === 'repaired'), findings };
}

async function tables({ storage, signal }: DoctorOptions): Promise<Finding[] | string> {
  const report = await storage.scrub(signal ? { signal } : {});
  const problems = [...report.journal.problems, ...report.documents.problems];
  if (problems.length > 0) return problems.map(({ file, problem }) => damaged(`table ${file}`, problem));
  return `${report.journal.tables + report.documents.tables} tables hold what was written`;
}

/** Every document holds just the operations that stand in it; one that does not is made anew from them. */
async function documentsOf(options: DoctorOptions): Promise<Finding[] | string> {
  const { database, documents, storage, progress } = options;
  const findings: Finding[] = [];
  let count = 0;
  const expected = await entriesByDocument(options);
  for (const [key] of await database.under<SegmentRow>('segment/')) {
    const log = key.slice('segment/'.length);
    for (const [part] of await database.under<unknown>(`v/part/${log}/`)) {
      const document = `log/${log}/${Number(part.slice(part.lastIndexOf('/') + 1))}`;
      const wanted = expected.get(document) ?? new Map<Hash, boolean>();
      let problem: string | undefined;
      const wasLoaded = documents.loaded(document) !== undefined;
      try {
        const shown = await documents.shown(document);
        const missing = [...wanted].filter(
          ([entry, body]) => (shown.get(entry)?.body !== undefined) !== body || !shown.has(entry),
        ).length;
        if (missing > 0 || shown.size !== wanted.size)
          problem = `${missing} of ${wanted.size} operations are missing or differ, ${shown.size} stand there`;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      const finding = await (problem === undefined
        ? digested(options, document)
        : rebuilt(options, document, problem));
      if (finding) findings.push(finding);
      else if (!wasLoaded) documents.unload(document);
      count++;
      progress?.({ stage: 'documents', done: count, total: null });
    }
  }
  const names = await storage.documents.names();
  return findings.length > 0
    ? findings
    : `${count} documents agree with the operations; ${names.length} are stored`;
}

async function entriesByDocument(options: DoctorOptions): Promise<Map<string, Map<Hash, boolean>>> {
  const found = new Map<string, Map<Hash, boolean>>();
  for await (const [document, key, { body }] of standing(options)) {
    const entries = found.get(document) ?? new Map<Hash, boolean>();
    entries.set(key, body !== undefined);
    found.set(document, entries);
  }
  return found;
}

/** Every entry in every document, as the operations say. */
async function* standing({
  storage,
  database,
}: DoctorOptions): AsyncGenerator<[document: string, key: Hash, entry: Entry]> {
  for await (const [at, value] of storage.store.scan(under('op/'))) {
    const row = decodeRow<OperationRow>(value);
    const hash = at.slice('op/'.length);
    for (const { document, sig } of await entriesOf(database, hash, row))
      yield [document, entryKey(nodeCrypto, hash, sig), { ...entryOf(row), sig }];
  }
}

/** A document that cannot be trusted is set aside and written anew from the operations, under a fresh clientID. */
async function rebuilt(
  options: DoctorOptions,
  document: string,
  problem: string,
): Promise<Finding | undefined> {
  const { storage, documents, digests } = options;
  const made = await remake(
    {
      ...options,
      crypto: nodeCrypto,
      stored: storage.documents,
      store: storage.store,
      changed: digests.changed,
    },
    document,
    // Looked at again with nothing queued: what is being written is no damage, and none of it gets lost.
    async () => {
      const entries = new Map<Hash, Entry>();
      for await (const [at, key, entry] of standing(options)) if (at === document) entries.set(key, entry);
      const shown = await documents.shown(document).catch(() => undefined);
      const agrees =
        shown?.size === entries.size &&
        [...entries].every(([key, { body }]) => {
          const entry = shown.get(key);
          return entry !== undefined && (entry.body !== undefined) === (body !== undefined);
        });
      return agrees ? undefined : entries;
    },
  );
  if (made === undefined) return undefined;
  return {
    what: `document ${document}`,
    state: 'repaired',
    message: `${problem}; it was made anew from ${made} operations`,
  };
}

/** The digest that is kept of a document is that of what it holds; another one would look unequal to others for ever. */
async function digested(options: DoctorOptions, document: string): Promise<Finding | undefined> {
  const { commits, documents, digests } = options;
  const differs = async (): Promise<boolean> =>
    (await digests.ofDocument(document)) !== (await documents.digest(document));
  if (!(await differs())) return undefined;
  const wrong = await commits.write(
    async ({ draft, settled }) => {
      await settled();
      if (!(await differs())) return false;
      documents.doubt(draft, document);
      return true;
    },
    { urgent: true },
  );
  if (!wrong) return undefined;
  digests.changed(document);
  return {
    what: `document ${document}`,
    state: 'repaired',
    message: 'its digest was not that of what it holds; it was made anew',
  };
}

/** Views that do not agree with themselves are made anew at the next opening. */
async function views({ database, commits }: DoctorOptions): Promise<Finding[] | string> {
  const row = counters(database);
  const rejected = await database.under<string>('v/rejected/');
  if (rejected.length === row.rejected) return `${row.operations} operations, ${row.feed} feed entries`;
  await commits.write(({ draft }) => draft.put(keys.meta('views'), 0));
  return [
    {
      what: 'views',
      state: 'warning',
      message: `${rejected.length} rejected operations are listed, ${row.rejected} are counted`,
      hint: 'Start again: the views are made anew from the operations at the next opening.',
    },
  ];
}

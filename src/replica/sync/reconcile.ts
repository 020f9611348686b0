import type { Entry, Hash } from '../../../schemas/index.ts';
import type { LogDocument } from '../../log/index.ts';
import { entryKey, hashOf, stripped } from '../../op/index.ts';
import type { Commits, Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { entryOf, keys, type OperationRow, type PlaceRow, type TwinRow } from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import type { AbsorbContext } from '../ledger/state.ts';

/** Keeps what documents show equal to what is stored: dead entries live again, removed texts go, lost ones come back. */
export interface Reconcile {
  /** Looks at these keys of a document once what touched them is applied. Resolves when what must be is durable. */
  look(document: string, touched: ReadonlyMap<Hash, Hash | undefined>): Promise<void>;
  /** Takes the text of these operations out of a document, where it still stands. */
  remove(document: string, hashes: readonly Hash[]): Promise<void>;
  close(): void;
}

/** A body that is gone without a redact comes back after this, ms, and up to twice as long. */
const grace = 2000;

export function createReconcile(options: {
  readonly context: AbsorbContext;
  readonly database: Database;
  readonly commits: Commits;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly random: (bytes: number) => Uint8Array;
  /** Text that was removed is on disk. */
  readonly onRemoved: () => void;
}): Reconcile {
  const { context, database, commits, timer, random } = options;
  const { crypto, documents } = context;
  /** Texts that a document lost, by document: keys and operations. */
  const lost = new Map<string, Map<Hash, Hash>>();
  let stop: (() => void) | undefined;

  /** The entry of an operation under a key, as it should stand. */
  async function entryUnder(
    reader: Pick<Reader, 'get'>,
    hash: Hash,
    key: Hash,
  ): Promise<{ entry: Entry; row: OperationRow } | undefined> {
    const row = reader.get<OperationRow>(keys.operation(hash));
    if (!row) return undefined;
    if (entryKey(crypto, hash, row.sig) === key) return { entry: entryOf(row), row };
    const twin = reader.get<TwinRow>(keys.twin(hash, key));
    return twin && { entry: { ...entryOf(row), sig: twin.sig }, row };
  }

  /** The operation of a key that shows nothing. */
  async function operationAt(reader: Reader, document: string, key: Hash): Promise<Hash | undefined> {
    for (const [, places] of await reader.under<PlaceRow>(`v/at/${document}/`))
      for (const [one, hash] of places) if (one === key) return hash;
    return undefined;
  }

  /** What is to be done about a key: nothing, unless it is dead, shows a removed text, or lacks one. */
  async function trouble(
    work: Work,
    document: string,
    shown: LogDocument,
    key: Hash,
    known: Hash | undefined,
  ) {
    const there = shown.get(key);
    const hash =
      known ?? (there ? hashOf(crypto, there.header) : await operationAt(work.draft, document, key));
    const found = hash === undefined ? undefined : await entryUnder(work.draft, hash, key);
    if (!found || hash === undefined) return undefined;
    const { entry, row } = found;
    if (there?.body !== undefined && row.body === undefined && row.redacted !== undefined)
      return { kind: 'removed', hash, entry: stripped(entry, row.redacted) } as const;
    if (there === undefined) return { kind: 'dead', hash, entry } as const;
    return there.body === undefined && row.body ? ({ kind: 'lost', hash, entry } as const) : undefined;
  }

  /** Replaces what stands there by what should. `restore`: also texts that are lost. True when one was removed. */
  async function mend(
    work: Work,
    document: string,
    touched: ReadonlyMap<Hash, Hash | undefined>,
    restore: boolean,
  ): Promise<boolean> {
    const shown = await documents.pin(document);
    const { draft } = work;
    let removed = false;
    try {
      for (const [key, known] of touched) {
        const found = await trouble(work, document, shown, key, known);
        if (!found) continue;
        const { kind, hash, entry } = found;
        if (kind === 'lost' && !restore) {
          const texts = lost.get(document) ?? new Map<Hash, Hash>();
          lost.set(document, texts.set(key, hash));
          soon();
          continue;
        }
        if (kind === 'removed') {
          draft.put(keys.purge(document), [
            ...(draft.get<readonly Hash[]>(keys.purge(document)) ?? []),
            hash,
          ]);
          removed = true;
        }
        await documents.hold(document);
        work.mend({ document, hash, entry });
      }
    } finally {
      documents.unpin(document);
    }
    return removed;
  }

  function soon(): void {
    stop ??= timer(
      () => {
        stop = undefined;
        const due = [...lost];
        lost.clear();
        // What fails comes up again when digests are compared.
        for (const [document, texts] of due)
          commits.write((work) => mend(work, document, texts, true)).catch(() => undefined);
      },
      grace + Math.floor((grace * (random(1)[0] ?? 0)) / 256),
    );
  }

  return {
    async look(document, touched) {
      const shown = documents.loaded(document);
      let due = shown === undefined;
      for (const [key, hash] of touched) {
        const there = shown?.get(key);
        const row = hash === undefined ? undefined : database.get<OperationRow>(keys.operation(hash));
        if (!there || !row || (there.body === undefined) !== (row.body === undefined)) due = true;
      }
      if (!due) return;
      let removed = false;
      await commits.write(async (work) => {
        await work.settled();
        removed = await mend(work, document, touched, false);
      });
      if (removed) options.onRemoved();
    },
    async remove(document, hashes) {
      await commits.write(
        async (work) => {
          await work.settled();
          const touched = new Map<Hash, Hash>();
          for (const hash of hashes) {
            const row = work.draft.get<OperationRow>(keys.operation(hash));
            if (!row) continue;
            touched.set(entryKey(crypto, hash, row.sig), hash);
            if (row.twins)
              for (const [, { sig }] of await work.draft.under<TwinRow>(`twin/${hash}/`))
                touched.set(entryKey(crypto, hash, sig), hash);
          }
          const shown = await documents.shown(document);
          for (const key of [...touched.keys()]) if (!shown.has(key)) touched.delete(key);
          await mend(work, document, touched, false);
        },
        { urgent: true },
      );
    },
    close() {
      stop?.();
      stop = undefined;
    },
  };
}

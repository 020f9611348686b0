import type { Hash } from '../../../../schemas/index.ts';
import { entryKey, stripped } from '../../../op/index.ts';
import type { Work } from '../../commit/commits.ts';
import { entryOf, keys, type OperationRow, type TwinRow } from '../../commit/rows.ts';
import type { Reader } from '../../commit/transaction.ts';
import type { AbsorbContext } from '../state.ts';
import { forgetInput } from './repeats.ts';

/** Where an entry of an operation stands. */
interface Standing {
  readonly document: string;
  readonly sig: string;
}

/** Every entry of an operation in every document. */
export async function entriesOf(
  reader: Pick<Reader, 'under'>,
  hash: Hash,
  { header, segment, also, sig, twins }: OperationRow,
): Promise<Standing[]> {
  const all = [segment, ...(also ?? [])].map((n) => ({ document: `log/${header.log}/${n}`, sig }));
  if (!twins) return all;
  for (const [, twin] of await reader.under<TwinRow>(`twin/${hash}/`))
    for (const n of twin.segments) all.push({ document: `log/${header.log}/${n}`, sig: twin.sig });
  return all;
}

/**
 * The text of a subject and of all its edits leaves rows and documents; the operations stay. Copies that stand in a
 * document only once this write is applied are stripped after that. `hashes`: these operations alone.
 */
export async function strip(
  context: AbsorbContext,
  work: Work,
  subject: Hash,
  redact: Hash,
  hashes?: readonly Hash[],
): Promise<void> {
  const { draft } = work;
  const all = hashes ?? [
    subject,
    ...(await draft.under<number>(`v/on/${subject}/`)).map(([key]) => key.slice(key.lastIndexOf('/') + 1)),
  ];
  const standing = all.filter((hash) => {
    const row = draft.get<OperationRow>(keys.operation(hash));
    return row?.body && row.header.type !== 'redact';
  });
  if (standing.length === 0) return;
  // What is still unsigned, or not in the shown document, can't be replaced there.
  await work.settled();
  for (const hash of standing) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (!row?.body || row.flaw) continue;
    context.membership.forgetName(hash);
    const { body: _, ...rest } = row;
    draft.put(keys.operation(hash), { ...rest, redacted: redact } satisfies OperationRow);
    forgetInput(context, draft, row.header);
    for (const { document, sig } of await entriesOf(draft, hash, row)) {
      draft.put(keys.purge(document), [...(draft.get<readonly Hash[]>(keys.purge(document)) ?? []), hash]);
      const shown = await context.documents.shown(document);
      if (!shown.has(entryKey(context.crypto, hash, sig))) continue;
      await context.documents.hold(document);
      work.mend({ document, hash, entry: stripped({ ...entryOf(row), sig }, redact) });
    }
  }
}

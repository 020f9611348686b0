import type { Hash } from '../../../schemas/index.ts';
import { stripped } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { forgetInput } from './repeats.ts';
import type { AbsorbContext } from './state.ts';

/** The text of a subject and of all its edits leaves rows and documents; the operations stay. */
export async function strip(context: AbsorbContext, work: Work, subject: Hash, redact: Hash): Promise<void> {
  const { draft } = work;
  // What is still unsigned, or not in the shown document, can't be replaced there.
  await work.settled();
  context.membership.forgetName(subject);
  const edits = (await draft.under<number>(`v/on/${subject}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  for (const hash of [subject, ...edits]) {
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (!row?.body || row.header.type === 'redact') continue;
    const entry = stripped(entryOf(row), redact);
    const { body: _, ...rest } = row;
    draft.put(keys.operation(hash), { ...rest, redacted: redact });
    forgetInput(context, draft, row.header);
    const document = `log/${row.header.log}/${row.segment}`;
    await context.documents.hold(document);
    work.mend({ document, hash, entry });
    draft.put(keys.purge(document), [...(draft.get<readonly Hash[]>(keys.purge(document)) ?? []), hash]);
  }
}

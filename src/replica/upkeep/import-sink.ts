import { CoterieError, type Hash, type OperationTypeName } from '../../../schemas/index.ts';
import type { Draft, DraftLog, ImportSink, Written } from '../../import/draft.ts';
import { defaultChannelId, defaultChannelNames, directId, hashOf } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys } from '../commit/rows.ts';
import { aliasKey, type IdempotencyRow } from '../ledger/subjects/repeats.ts';
import { type Actor, introduce, type Writing } from '../writing/context.ts';

/** Drafts of one write: a commit group's worth, so that others get their turn. */
const chunk = 64;

/** Turns an importer's drafts into operations of the importing member, each source once for ever. */
export async function createImportSink(writing: Writing, actor: Actor): Promise<ImportSink> {
  const { reading } = writing;
  // Into a workspace without history nothing can be there already, but for what this import writes itself.
  const first = (await reading.database.under('key/source/', { limit: 1 })).length === 0;
  /** ref -> id, of this import. */
  const ids = new Map<string, Hash>(
    defaultChannelNames.map((name) => [
      `default:${name}`,
      defaultChannelId(reading.crypto, writing.reading.workspace, name),
    ]),
  );

  const place = (source: string): string => keys.idempotency('source', hashOf(reading.crypto, source));

  async function resolve(work: Work, ref: string): Promise<Hash> {
    const known = ids.get(ref);
    if (known !== undefined) return known;
    // What an earlier import wrote is found by its source.
    const row = first ? undefined : await work.draft.getConfirmed<IdempotencyRow>(place(ref));
    const hash = row?.operations[0]?.hash;
    if (hash === undefined)
      throw new CoterieError('not_found', `it refers to ${ref}, which was not imported`);
    const id = work.draft.get<Hash>(aliasKey(hash)) ?? hash;
    ids.set(ref, id);
    return id;
  }

  async function resolved(work: Work, value: unknown): Promise<unknown> {
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const item of value) items.push(await resolved(work, item));
      return items;
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value && typeof value.$ref === 'string') return resolve(work, value.$ref);
    const record: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(value)) record[key] = await resolved(work, field);
    return record;
  }

  async function logOf(work: Work, log: DraftLog): Promise<string> {
    if (log.kind === 'channel') return `channel.${await resolve(work, log.channel.$ref)}`;
    if (log.kind !== 'direct') return log.kind;
    const members: Hash[] = [];
    for (const member of log.members) members.push(await resolve(work, member.$ref));
    return `direct.${directId(reading.crypto, reading.workspace, members)}`;
  }

  async function writeOne(work: Work, draft: Draft): Promise<Written> {
    const { ref } = draft;
    const row = first
      ? undefined
      : await work.draft.getConfirmed<IdempotencyRow>(place(draft.imported.source));
    const known = row?.operations[0]?.hash ?? ids.get(ref);
    if (known !== undefined) {
      ids.set(ref, known);
      return { ref, id: known, state: 'present' };
    }
    const takeBack = work.savepoint();
    try {
      const { at, source, author } = draft.imported;
      const log = await logOf(work, draft.log);
      const subject = draft.subject ? await resolve(work, draft.subject.$ref) : undefined;
      const authorId = author ? await resolve(work, author.$ref) : undefined;
      const hash = await writing.ledger.append(work, {
        log,
        type: draft.type,
        ...(subject === undefined ? {} : { subject }),
        // An author of history speaks for nobody: the replica makes it known, others vouch as the importing member.
        ...(speaksForItself.has(draft.type) ? {} : { member: actor.id }),
        data: (await resolved(work, draft.data)) as Record<string, unknown>,
        body: draft.body,
        imported: { at, source, ...(authorId === undefined ? {} : { author: authorId }) },
      });
      ids.set(ref, hash);
      return { ref, id: hash, state: 'written' };
    } catch (error) {
      if (!(error instanceof CoterieError) || !ownFault.has(error.code)) throw error;
      takeBack();
      return { ref, state: 'rejected', reason: error.message };
    }
  }

  return {
    async write(drafts) {
      writing.allowed();
      await introduce(writing, actor);
      const results: Promise<Written[]>[] = [];
      for (const group of groups(drafts)) {
        // A removal needs what it removes on disk as a whole. Other groups are made while those before are written.
        if (group[0]?.type === 'redact') {
          await Promise.all(results);
          await writing.commits.idle();
        }
        results.push(
          writing.commits.write(async (work) => {
            const written: Written[] = [];
            for (const draft of group) written.push(await writeOne(work, draft));
            return written;
          }),
        );
      }
      return (await Promise.all(results)).flat();
    },
  };
}

const speaksForItself: ReadonlySet<OperationTypeName> = new Set<OperationTypeName>(['member.create']);
/** Errors that are the draft's own; any other ends the import. */
const ownFault: ReadonlySet<string> = new Set([
  'not_found',
  'invalid',
  'too_large',
  'forbidden',
  'illegal_move',
  'held',
  'cycle',
  'redacted',
]);

/** Groups of a size that lets others get their turn; a removal stands in one of its own. */
function groups(drafts: readonly Draft[]): Draft[][] {
  const all: Draft[][] = [[]];
  for (const draft of drafts) {
    const last = all.at(-1);
    if (draft.type === 'redact') all.push([draft], []);
    else if (last && last.length < chunk) last.push(draft);
    else all.push([draft]);
  }
  return all.filter((group) => group.length > 0);
}

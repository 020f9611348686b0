import type { z } from 'zod';
import { CoterieError, type Hash, type TaskLink } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys } from '../commit/rows.ts';
import { findTask } from '../reading/names.ts';
import type { LinkRow } from '../views/links.ts';
import { type Actor, once, onTask, queuedState, type Writing } from './context.ts';

type Key = string | undefined;

/** Links within a write; one that would close a cycle is an error, and nothing of the write remains. */
export async function linkIn(
  writing: Writing,
  work: Work,
  actor: Actor,
  from: Hash,
  to: { kind: z.infer<typeof TaskLink>['kind']; to: Hash },
  key?: Hash,
  base?: readonly Hash[],
): Promise<Hash> {
  const hash = await onTask(writing, work, actor, from, {
    type: 'task.link',
    data: to,
    key,
    base,
  });
  const row = work.draft.get<LinkRow>(keys.link(to.to, to.kind, from));
  if (row?.dropped) throw new CoterieError('cycle', `The link "${to.kind}" would close a cycle.`);
  return hash;
}

/** Links two tasks, or takes the link away; what is so already is left alone. */
export async function linkTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: z.infer<typeof TaskLink>,
  on: boolean,
  key: Key,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  const to = (await findTask(writing.reading, input.to)).id;
  await once(
    writing,
    { actor, key, input: { link: id, to, kind: input.kind, on } },
    async (work, keyHash) => {
      const state = await queuedState(writing, work, id, 'task');
      const there = state.links.some((known) => known.kind === input.kind && known.to === to);
      if (there === on) return id;
      if (on) return linkIn(writing, work, actor, id, { kind: input.kind, to }, keyHash, input.base);
      return onTask(writing, work, actor, id, {
        type: 'task.unlink',
        data: { kind: input.kind, to },
        key: keyHash,
        base: input.base,
      });
    },
  );
  return id;
}

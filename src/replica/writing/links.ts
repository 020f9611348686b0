import type { z } from 'zod';
import { CoterieError, type Hash, type LinkKind, type TaskLink } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys } from '../commit/rows.ts';
import { findTask, shortOf } from '../reading/names.ts';
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
  if (row?.dropped) throw await cycle(writing, work, { kind: to.kind, from, to: to.to });
  return hash;
}

interface Edge {
  readonly kind: LinkKind;
  readonly from: Hash;
  readonly to: Hash;
}

/** Names the links that the new one would close to a cycle: one of them has to go first. */
async function cycle(writing: Writing, work: Work, closing: Edge): Promise<CoterieError> {
  const shown = new Map<Hash, string>();
  const path = await wayBack(work, closing);
  for (const { from, to } of [closing, ...path])
    for (const id of [from, to])
      if (!shown.has(id))
        shown.set(id, await shortOf(writing.reading, await queuedState(writing, work, id, 'task')));
  const said = ({ from, to }: Edge): string => `${shown.get(from)} ${closing.kind} ${shown.get(to)}`;
  if (closing.from === closing.to)
    return new CoterieError('cycle', `${said(closing)} is a cycle of one.`, { hint: 'Name another task.' });
  const held = path.map(said);
  return new CoterieError('cycle', `${said(closing)} would close a cycle: ${held.join(', ')}.`, {
    hint: 'Remove one of these links first.',
    legal: held,
  });
}

/** The shortest way along held links from where a link would lead to where it begins. */
async function wayBack(work: Work, { kind, from, to }: Edge): Promise<Edge[]> {
  const reached = new Map<Hash, Edge | undefined>([[to, undefined]]);
  for (const id of reached.keys()) {
    if (id === from) break;
    for (const [key] of await work.draft.under(keys.edge(kind, id, ''))) {
      const next = key.slice(key.lastIndexOf('/') + 1);
      if (!reached.has(next)) reached.set(next, { kind, from: id, to: next });
    }
  }
  const path: Edge[] = [];
  for (let edge = reached.get(from); edge; edge = reached.get(edge.from)) path.unshift(edge);
  return path;
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

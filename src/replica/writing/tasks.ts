import type { Hash, TaskCreate, TaskUpdate } from '../../../schemas/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys } from '../commit/rows.ts';
import { findMember, findTask } from '../reading/names.ts';
import { type Actor, introduce, once, onTask, queuedState, refuseRedacted, type Writing } from './context.ts';
import { linkIn } from './links.ts';
import { callsGroup, saidIn } from './mentions.ts';
import { move } from './moves.ts';

type Key = string | undefined;

const ms = (iso: string | null | undefined): number | null | undefined =>
  typeof iso === 'string' ? Date.parse(iso) : iso;

/** Non-text fields of a write, members resolved. */
function fieldsOf(
  writing: Writing,
  input: Pick<TaskUpdate, 'priority' | 'assignee' | 'reviewer' | 'due'>,
): Record<string, unknown> {
  const member = (ref: string | null) => (ref === null ? null : findMember(writing.reading, ref).id);
  const due = ms(input.due);
  return {
    ...(input.priority === undefined ? {} : { priority: input.priority }),
    ...(input.assignee === undefined ? {} : { assignee: member(input.assignee) }),
    ...(input.reviewer === undefined ? {} : { reviewer: member(input.reviewer) }),
    ...(due === undefined ? {} : { due }),
  };
}

/** Creates a task with the next short id of the member, and its links. */
export async function createTask(writing: Writing, actor: Actor, input: TaskCreate, key: Key): Promise<Hash> {
  const parent = input.parent === undefined ? undefined : (await findTask(writing.reading, input.parent)).id;
  const blockers = await Promise.all(
    (input.blockedBy ?? []).map(async (ref) => (await findTask(writing.reading, ref)).id),
  );
  // Whose first write this is may name themselves.
  const own = [actor.handle, `@${actor.handle}`];
  if ([input.assignee, input.reviewer].some((name) => typeof name === 'string' && own.includes(name))) {
    writing.allowed();
    await introduce(writing, actor);
  }
  const fields = fieldsOf(writing, input);
  // What it waits for is known to the move, not to the creation.
  const waits = input.status === 'blocked' && blockers.length > 0;
  return once(writing, { actor, key, input: { task: input } }, async (work, keyHash) => {
    const id = await writing.ledger.append(work, {
      log: 'tasks',
      type: 'task.create',
      member: actor.id,
      data: {
        short: nextShort(work, actor.handle),
        ...fields,
        ...(input.status === undefined || waits ? {} : { status: input.status }),
        ...(input.labels ? { labels: input.labels } : {}),
      },
      body: { title: input.title, description: input.description, criteria: input.criteria },
      key: keyHash,
    });
    if (parent !== undefined) await linkIn(writing, work, actor, parent, { kind: 'parent', to: id });
    for (const blocker of blockers) await linkIn(writing, work, actor, blocker, { kind: 'blocks', to: id });
    if (waits) {
      const state = await queuedState(writing, work, id, 'task');
      await move(writing, work, actor, state, { to: 'blocked' }, undefined);
    }
    return id;
  });
}

/** Handle and count. */
export const nextShort = (work: Work, handle: string): string =>
  `${handle}-${(work.draft.get<number>(keys.shortCount(handle)) ?? 0) + 1}`;

export async function updateTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: TaskUpdate,
  key: Key,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  const fields = fieldsOf(writing, input);
  await once(writing, { actor, key, input: { task: id, input } }, async (work, keyHash) => {
    const texts = {
      title: input.title,
      description: input.description || undefined,
      criteria: input.criteria || undefined,
    };
    const clear = (['description', 'criteria'] as const).filter((field) => input[field] === '');
    if (Object.values(texts).some((text) => text !== undefined))
      refuseRedacted(await queuedState(writing, work, id, 'task'));
    return onTask(writing, work, actor, id, {
      type: 'task.update',
      data: {
        ...fields,
        ...(input.addLabels ? { addLabels: input.addLabels } : {}),
        ...(input.removeLabels ? { removeLabels: input.removeLabels } : {}),
        ...(input.addEvidence ? { addEvidence: input.addEvidence } : {}),
        ...(clear.length > 0 ? { clear } : {}),
      },
      body: texts,
      key: keyHash,
      base: input.base,
    });
  });
  return id;
}

export async function commentOn(
  writing: Writing,
  actor: Actor,
  ref: string,
  text: string,
  key: Key,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  const said = await saidIn(writing, text);
  return once(writing, { actor, key, input: { comment: id, text } }, (work, keyHash) =>
    writing.ledger.append(work, {
      log: 'tasks',
      type: 'comment.create',
      member: actor.id,
      data: { task: id, ...said },
      body: { text },
      seesMembers: callsGroup(writing.reading, said),
      key: keyHash,
    }),
  );
}

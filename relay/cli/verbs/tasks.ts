import type { z } from 'zod';
import type {
  Comment,
  LinkKind,
  List,
  Task,
  TaskClaim,
  TasksQuery,
  TaskUpdate,
} from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { asking, type Call, misuse, once, paged, type Verb } from '../call.ts';
import { commentText, task, taskLine, tasks } from '../show/tasks.ts';
import { typedLength, typedTime } from '../show/time.ts';

// What the schemas allow is checked where the operation is made: here a typed word is passed on as it stands, so
// that there is one list of statuses, and one message about a wrong one.
const status = (word: string | undefined) => word as Task['status'] | undefined;
const priority = (word: string | undefined) => word as Task['priority'] | undefined;

/** `none` clears a field. */
const orNone = (word: string | undefined): string | null | undefined => (word === 'none' ? null : word);

function due(call: Call): string | null | undefined {
  const typed = orNone(call.text('due'));
  return typeof typed === 'string' ? typedTime(typed, call.out.view.now) : typed;
}

/** Fields that creating and changing share. */
const fields = async (call: Call) =>
  given({
    description: await call.longText('description'),
    criteria: call.text('criteria'),
    priority: priority(call.text('priority')),
    assignee: orNone(call.text('assignee')),
    reviewer: orNone(call.text('reviewer')),
    due: due(call),
  });

export const create = asking({
  write: true,
  ask: async (team, call) =>
    team.tasks.create(
      {
        title: call.arg(0),
        ...(await fields(call)),
        ...given({
          status: status(call.text('status')),
          labels: call.many('label'),
          parent: call.text('parent'),
          blockedBy: call.many('blockedBy'),
        }),
      },
      once(call),
    ),
  show: taskLine,
});

export const list = asking({
  ask: (team, call) =>
    team.tasks.list(
      given({
        ...paged(call),
        status: status(call.text('status')),
        assignee: call.text('assignee'),
        holder: call.text('holder'),
        priority: priority(call.text('priority')),
        label: call.text('label'),
        overdue: call.has('overdue') ? true : undefined,
        stale: call.has('stale') ? true : undefined,
      }) satisfies TasksQuery,
    ),
  show: tasks,
});

export const ready = asking({ ask: (team, call) => team.tasks.ready(given(paged(call))), show: tasks });

/** People see the comments too; the shape is that of the task alone, and `comments` in it counts them. */
export const show: Verb = async (call) => {
  const team = await call.team();
  const found = await team.tasks.get(call.arg(0));
  if (call.out.json) {
    call.out.data(found);
    return undefined;
  }
  const none: List<Comment> = { items: [] };
  const comments = found.comments === 0 ? none : await team.tasks.comments(found.id);
  call.out.print(task(found, comments, call.out.view));
  return undefined;
};

type Evidence = NonNullable<TaskUpdate['addEvidence']>[number];

async function evidence(call: Call): Promise<Evidence[] | undefined> {
  const typed = call.many('evidence');
  if (typed === undefined) return undefined;
  const wrong = typed.find((one) => !/^[a-z]+:./.test(one));
  if (wrong !== undefined) {
    throw await misuse(
      `--evidence ${wrong} has no kind`,
      'Write kind:ref, as in commit:4f1c2ab or link:https://…',
    );
  }
  return typed.map((one) => ({
    kind: one.slice(0, one.indexOf(':')) as Evidence['kind'],
    ref: one.slice(one.indexOf(':') + 1),
  }));
}

export const update = asking({
  write: true,
  ask: async (team, call) => {
    const changes = {
      ...(await fields(call)),
      ...given({
        title: call.text('title'),
        addLabels: call.many('label'),
        removeLabels: call.many('unlabel'),
        addEvidence: await evidence(call),
      }),
    };
    if (Object.keys(changes).length === 0) {
      throw await misuse('nothing to change', 'Name a field, as in --priority P1.');
    }
    return team.tasks.update(call.arg(0), { ...changes, ...given({ base: call.many('base') }) }, once(call));
  },
  show: taskLine,
});

export const move = asking({
  write: true,
  ask: async (team, call) =>
    team.tasks.move(
      call.arg(0),
      {
        to: call.arg(1) as Task['status'],
        ...given({
          reason: call.text('reason'),
          on: call.many('on'),
          evidence: await evidence(call),
          force: call.has('force') ? true : undefined,
          base: call.many('base'),
        }),
      },
      once(call),
    ),
  show: taskLine,
});

async function length(call: Call, flag: string): Promise<number | undefined> {
  const typed = call.text(flag);
  const ms = typed === undefined ? undefined : typedLength(typed);
  if (typed !== undefined && ms === undefined)
    throw await misuse(`--${flag} ${typed} is no length of time`, 'Write 5s, 90m, 2h or 3d.');
  return ms;
}

/** How long to wait for the arbiter, and how long to hold the task. */
const lease = async (call: Call) => ({
  timeout: await length(call, 'timeout'),
  ttl: await length(call, 'ttl'),
});

export const claim = asking({
  write: true,
  ask: async (team, call) =>
    team.tasks.claim(
      call.arg(0),
      given({
        need: call.text('need') as z.infer<typeof TaskClaim>['need'],
        ...(await lease(call)),
        incarnation: call.text('incarnation'),
        force: call.has('force') ? true : undefined,
        reason: call.text('reason'),
        base: call.many('base'),
      }),
      once(call),
    ),
  show: taskLine,
});

export const renew = asking({
  write: true,
  ask: async (team, call) => team.tasks.renew(call.arg(0), given(await lease(call)), once(call)),
  show: taskLine,
});

const decisions = ['accept', 'reject'];

export const decide = asking({
  write: true,
  ask: async (team, call) => {
    const typed = call.arg(1);
    if (!decisions.includes(typed))
      throw await misuse(`there is no decision ${typed}`, 'Write accept or reject.', decisions);
    const said = given({ reason: call.text('reason'), base: call.many('base') });
    return team.tasks.decide(call.arg(0), { accept: typed === 'accept', ...said }, once(call));
  },
  show: taskLine,
});

export const release = asking({
  write: true,
  ask: (team, call) => team.tasks.release(call.arg(0), given({ reason: call.text('reason') }), once(call)),
  show: taskLine,
});

const linked = (call: Call) => ({ kind: call.arg(1) as LinkKind, to: call.arg(2) });

export const link = asking({
  write: true,
  ask: (team, call) =>
    team.tasks.link(call.arg(0), { ...linked(call), ...given({ base: call.many('base') }) }, once(call)),
  show: taskLine,
});

export const unlink = asking({
  write: true,
  ask: (team, call) => team.tasks.unlink(call.arg(0), linked(call), once(call)),
  show: taskLine,
});

export const comment = asking({
  write: true,
  ask: async (team, call) => team.tasks.comment(call.arg(0), { text: await call.words(1) }, once(call)),
  show: commentText,
});

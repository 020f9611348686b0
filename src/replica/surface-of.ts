import * as schemas from '../../schemas/index.ts';
import { CoterieError } from '../../schemas/index.ts';
import type { Chosen } from '../embedding/index.ts';
import type { Search } from '../search/index.ts';
import { moveArbiter, showArbiter } from './arbiter/moving.ts';
import { checked, paged } from './checked.ts';
import type { Digests } from './documents/digest.ts';
import type { Machines } from './machines/machines.ts';
import { remoteVerbs } from './machines/remotes.ts';
import { grantRole } from './machines/roles.ts';
import { listPresence, setPresence } from './presence/verbs.ts';
import { activity } from './reading/activity.ts';
import { type Reading, thing } from './reading/context.ts';
import { listDocuments } from './reading/documents.ts';
import type { Feed } from './reading/feed/feed.ts';
import { events } from './reading/feed/feed.ts';
import { history } from './reading/history/history.ts';
import { listMembers, memberShape } from './reading/members.ts';
import { listMemory, memoryOf } from './reading/memory.ts';
import { channelShape, listChannels, listMessages, messageOf, readThread } from './reading/messages.ts';
import { anyId, findChannel, findMember, findMemory, findTask } from './reading/names.ts';
import { listReservations, reservationOf } from './reading/reservations.ts';
import type { Searching } from './reading/search/page.ts';
import { find } from './reading/search/search.ts';
import { remembered } from './reading/search/similar.ts';
import { streamed } from './reading/search/stream.ts';
import { commentShape, listComments, listTasks, readyTasks, taskShape } from './reading/tasks.ts';
import { catchUp } from './reading/waiting/catch-up.ts';
import { inbox, openCount } from './reading/waiting/inbox.ts';
import type { Evidence } from './reading/waiting/proof.ts';
import type { Surface } from './surface.ts';
import type { Sync } from './sync/open.ts';
import { claimTask, releaseTask, renewTask } from './writing/claims.ts';
import { type Actor, introduce, once, type Writing } from './writing/context.ts';
import {
  createChannel,
  editText,
  flagMessage,
  posted,
  postMessage,
  reactTo,
  redactText,
  updateChannel,
} from './writing/conversation.ts';
import { groupVerbs, refuseTaken } from './writing/groups.ts';
import { linkTask } from './writing/links.ts';
import type { Marks } from './writing/marks.ts';
import { forget, remember, updateMemory } from './writing/memory.ts';
import { moveTask } from './writing/moves.ts';
import { releaseReservation, renewReservation, reserve } from './writing/reservations.ts';
import { decideTask } from './writing/review.ts';
import { commentOn, createTask, updateTask } from './writing/tasks.ts';

/** What a replica's verbs stand on. */
export interface Core {
  readonly reading: Reading;
  readonly writing: Writing;
  readonly feed: Feed;
  readonly marks: Marks;
  readonly search: Search;
  readonly signals: Searching['signals'];
  readonly patience: number;
  readonly embedder: Chosen;
  readonly machines: Machines;
  readonly closing: AbortSignal;
  readonly digests: Digests;
  readonly presence: Sync['presence'];
  status(actor: Actor): Promise<schemas.Status>;
  /** After a redaction: the text leaves the disk in the background. */
  purge(): void;
}

/** While a stream is followed the session of its member lives. */
async function* attended<T>({ presence, reading, writing }: Core, actor: Actor, stream: AsyncIterable<T>) {
  // Of a member of another replica nothing can be said here.
  const end = actor.foreign || presence.attending.begin(actor.id, reading.replica, writing.incarnation);
  try {
    yield* stream;
  } finally {
    if (end !== true) end();
  }
}

/** The verbs as one member. */
export function surfaceOf(core: Core, actor: Actor): Surface {
  const { reading, writing, feed, closing } = core;
  const open = (): void => {
    if (closing.aborted) throw new CoterieError('closed', 'The replica is closed.');
  };
  const task = async (id: string) => taskShape(reading, thing(reading, id, 'task'), actor.id);

  const evidence: Evidence = {
    digest: () => core.digests.workspace(),
    peers: () => core.machines.peers(),
  };

  return {
    member: { handle: actor.handle, id: actor.id },
    channels: {
      list: async (query) => listChannels(reading, paged(query), actor.id),
      get: async (channel) => channelShape(reading, await findChannel(reading, channel, actor.id)),
      async create(input, options) {
        const id = await createChannel(writing, actor, checked(schemas.ChannelCreate, input), options?.key);
        return channelShape(reading, await findChannel(reading, id));
      },
      async update(channel, input, options) {
        const id = await updateChannel(
          writing,
          actor,
          channel,
          checked(schemas.ChannelUpdate, input),
          options?.key,
        );
        return channelShape(reading, await findChannel(reading, id));
      },
    },
    messages: {
      async post(channel, input, options) {
        const valid = checked(schemas.MessagePost, input);
        return posted(writing, actor, await postMessage(writing, actor, channel, valid, options?.key), valid);
      },
      list: async (channel, query) => listMessages(reading, channel, paged(query), actor.id),
      get: async (id) => messageOf(reading, id),
      thread: async (id, query) => readThread(reading, id, paged(query), actor.id),
      async edit(id, input, options) {
        const valid = checked(schemas.MessageEdit, input);
        const known = thing(reading, id, 'message', 'comment');
        await editText(writing, actor, known.id, valid, options?.key);
        if (known.kind === 'comment') {
          const comment = commentShape(reading, thing(reading, known.id, 'comment'));
          const { task: _, ...rest } = comment;
          return { ...rest, channel: '' };
        }
        return messageOf(reading, known.id);
      },
      async redact(id, input, options) {
        const result = await redactText(
          writing,
          actor,
          id,
          checked(schemas.Redact, input ?? {}).reason,
          options?.key,
        );
        core.purge();
        return result;
      },
      react: async (id, emoji, options) =>
        messageOf(
          reading,
          await reactTo(writing, actor, id, checked(schemas.Reaction, { emoji }).emoji, true, options?.key),
        ),
      unreact: async (id, emoji, options) =>
        messageOf(
          reading,
          await reactTo(writing, actor, id, checked(schemas.Reaction, { emoji }).emoji, false, options?.key),
        ),
      flag: async (id, input, options) =>
        messageOf(
          reading,
          await flagMessage(writing, actor, id, checked(schemas.MessageFlags, input), options?.key),
        ),
    },
    tasks: {
      create: async (input, options) =>
        task(await createTask(writing, actor, checked(schemas.TaskCreate, input), options?.key)),
      list: async (query) => listTasks(reading, actor.id, paged(query)),
      ready: async (query) => readyTasks(reading, actor.id, paged(query)),
      get: async (id) => taskShape(reading, await findTask(reading, id), actor.id, true),
      update: async (id, input, options) =>
        task(await updateTask(writing, actor, id, checked(schemas.TaskUpdate, input), options?.key)),
      move: async (id, input, options) =>
        task(await moveTask(writing, actor, id, checked(schemas.TaskMove, input), options?.key)),
      claim: async (id, input, options) =>
        task(await claimTask(writing, actor, id, checked(schemas.TaskClaim, input ?? {}), options)),
      renew: async (id, input, options) =>
        task(await renewTask(writing, actor, id, checked(schemas.TaskRenew, input ?? {}), options?.key)),
      decide: async (id, input, options) =>
        task(await decideTask(writing, actor, id, checked(schemas.TaskDecide, input), options?.key)),
      release: async (id, input, options) =>
        task(
          await releaseTask(
            writing,
            actor,
            id,
            checked(schemas.TaskRelease, input ?? {}).reason,
            options?.key,
          ),
        ),
      link: async (id, input, options) =>
        task(await linkTask(writing, actor, id, checked(schemas.TaskLink, input), true, options?.key)),
      unlink: async (id, input, options) =>
        task(await linkTask(writing, actor, id, checked(schemas.TaskLink, input), false, options?.key)),
      async comment(id, input, options) {
        const { text } = checked(schemas.CommentCreate, input);
        const hash = await commentOn(writing, actor, id, text, options?.key);
        return commentShape(reading, thing(reading, hash, 'comment'));
      },
      comments: async (id, query) => listComments(reading, id, paged(query)),
    },
    memory: {
      async remember(input, options) {
        const said = checked(schemas.Remember, input);
        return remembered(reading, core, said, remember(writing, actor, said, options?.key));
      },
      list: async (query) => listMemory(reading, paged(query)),
      get: async (ref) => memoryOf(reading, await findMemory(reading, ref)),
      update: async (ref, input, options) => {
        const valid = checked(schemas.MemoryUpdate, input);
        return remembered(reading, core, valid, updateMemory(writing, actor, ref, valid, options?.key));
      },
      forget: async (ref, options) => memoryOf(reading, await forget(writing, actor, ref, options?.key)),
    },
    reservations: {
      reserve: async (input, options) =>
        reservationOf(reading, await reserve(writing, actor, checked(schemas.Reserve, input), options?.key)),
      list: async (query) => listReservations(reading, actor.id, paged(query)),
      get: async (id) => reservationOf(reading, id),
      renew: async (id, input, options) =>
        reservationOf(
          reading,
          await renewReservation(
            writing,
            actor,
            id,
            checked(schemas.ReservationRenew, input ?? {}),
            options?.key,
          ),
        ),
      release: async (id, options) =>
        reservationOf(reading, await releaseReservation(writing, actor, id, options?.key)),
    },
    members: {
      list: async (query) => listMembers(reading, paged(query)),
      get: async (ref) => memberShape(reading, findMember(reading, ref)),
      async update(input, options) {
        const valid = checked(schemas.MemberUpdate, input);
        await introduce(writing, actor);
        await once(writing, { actor, key: options?.key, input: { member: valid } }, (work, key) => {
          if (valid.handle !== undefined) refuseTaken(reading, valid.handle, actor.id);
          return writing.ledger.append(work, {
            log: 'members',
            type: 'member.update',
            subject: actor.id,
            member: actor.id,
            data: valid.handle === undefined ? {} : { handle: valid.handle },
            body: { name: valid.name },
            key,
          });
        });
        return memberShape(reading, findMember(reading, actor.id));
      },
      grant: async (ref, input, options) =>
        grantRole(writing, actor, ref, checked(schemas.RoleGrant, input), options?.key),
    },
    groups: groupVerbs(writing, actor),
    invites: {
      create: async (input, options) =>
        core.machines.invite(actor, checked(schemas.InviteCreate, input ?? {}), options?.key),
      list: async (query) => core.machines.invites(paged(query)),
      revoke: async (id, options) => core.machines.uninvite(actor, id, options?.key),
    },
    replicas: {
      list: async (query) => core.machines.list(paged(query)),
      revoke: async (ref, input, options) =>
        core.machines.revoke(actor, ref, checked(schemas.ReplicaRevoke, input ?? {}), options?.key),
    },
    remotes: remoteVerbs(core.machines, writing, actor),
    arbiter: {
      get: async () => showArbiter(writing),
      move: async (input, options) =>
        moveArbiter(writing, actor, checked(schemas.ArbiterMove, input), options?.key),
    },
    documents: {
      async list(query) {
        open();
        const valid = checked(schemas.DocumentsQuery, query ?? {});
        return listDocuments({ database: reading.database, digests: core.digests }, valid);
      },
    },
    presence: {
      async set(input) {
        const valid = checked(schemas.PresenceSet, input);
        return setPresence({ ...core.presence, reading, feed }, actor, valid);
      },
      list: async (query) => listPresence({ ...core.presence, reading, feed }, paged(query)),
    },
    async search(query) {
      open();
      return find(reading, core, actor.id, checked(schemas.SearchQuery, query));
    },
    searchStream(query, { signal } = {}) {
      open();
      const valid = checked(schemas.SearchStreamQuery, query);
      return streamed(reading, core.search, actor.id, valid, signal ?? new AbortController().signal);
    },
    async recall(query) {
      open();
      const { tag, budget, mode = 'hybrid', ...rest } = checked(schemas.RecallQuery, query);
      return find(reading, core, actor.id, { ...rest, mode, kind: 'memory' }, { tag, budget });
    },
    events({ signal, ...query } = {}) {
      const valid = checked(schemas.EventsQuery, query);
      const until = signal ? AbortSignal.any([signal, closing]) : closing;
      return attended(core, actor, events(reading, feed, actor.id, valid, until));
    },
    activity: async (query) => activity(reading, feed, actor.id, paged(query)),
    history: async (id, query) => {
      const valid = checked(schemas.HistoryQuery, query ?? {});
      return history(reading, feed, await anyId(reading, id), valid);
    },
    catchUp: async (query) =>
      catchUp(reading, feed, actor.id, checked(schemas.CatchUpQuery, query ?? {}), evidence),
    inbox: async (query) =>
      inbox(reading, feed, actor.id, checked(schemas.InboxQuery, query ?? {}), evidence),
    waiting: async () => ({ open: openCount(reading, actor.id) }),
    acknowledge: async (input) => core.marks.acknowledge(actor, checked(schemas.Acknowledge, input)),
    status: async () => core.status(actor),
  };
}

import type { Hash } from '../../../schemas/index.ts';
import type { ExportChannel, ExportReader } from '../../export/reader.ts';
import type { ChannelState, MessageState, TaskState } from '../../fold/types.ts';
import { defaultChannelId, defaultChannelNames } from '../../op/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import type { ChannelRow } from '../views/conversation.ts';
import type { LinkRow } from '../views/links.ts';
import { operation, type Reading, stampIso, textOf, time } from './context.ts';
import { memoryShape } from './memory.ts';
import { messageShape, pageOf } from './messages.ts';
import { commentShape, taskShape } from './tasks.ts';

const step = 500;

/** All ids of an index, in order. */
async function* ids(reading: Reading, prefix: string): AsyncGenerator<Hash> {
  let cursor: string | undefined;
  do {
    const page = await pageOf(reading, prefix, { limit: step, cursor }, {}, (id) => id);
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}

const sourceOf = (row: OperationRow | undefined): { source?: string } =>
  row?.header.imported ? { source: row.header.imported.source } : {};

/** When it happened: for history there, else here. */
const happened = (row: OperationRow): string =>
  row.header.imported ? time(row.header.imported.at) : stampIso(row.header.stamp);

/** What an export reads of a workspace, as it was written: nothing depends on who brought it in. */
export function createExportReader(reading: Reading): ExportReader {
  const { database, membership, workspace } = reading;
  const defaults = new Map(
    defaultChannelNames.map((name): [Hash, string] => [
      defaultChannelId(reading.crypto, workspace, name),
      name,
    ]),
  );

  function author(row: OperationRow) {
    const id = row.header.imported ? row.header.imported.author : row.header.member;
    return id === undefined ? null : membership.person(id);
  }

  function channelOf(state: ChannelState): ExportChannel {
    const { id, addressed } = state;
    const row = operation(reading, id);
    const fallback = defaults.get(id);
    const hops = state.hops[0];
    return {
      id,
      name: state.name[0]?.value ?? (addressed ? '' : id),
      ...(addressed ? { addressed: true } : {}),
      topic: textOf(reading, state.topic[0]?.value, 'topic') ?? '',
      archived: state.archived[0]?.value ?? false,
      ...(state.direct ? { direct: state.direct.map((member) => membership.person(member)) } : {}),
      ...sourceOf(row),
      ...(fallback === undefined ? {} : { default: fallback }),
      at: row ? happened(row) : null,
      ...(hops && hops.op !== id ? { hops: hops.value } : {}),
    };
  }

  async function* states<K extends 'task' | 'memory' | 'message' | 'comment'>(prefix: string, kind: K) {
    for await (const id of ids(reading, prefix)) {
      const state = stateOf(reading, database, id);
      if (state?.kind === kind) yield state as Extract<typeof state, { kind: K }>;
    }
  }

  return {
    workspace,
    async *members() {
      for (const state of membership.state.members.values()) {
        const { handle, name } = membership.person(state.id);
        const row = operation(reading, state.created.op);
        yield {
          id: state.id,
          handle,
          name,
          kind: state.kind,
          imported: state.imported,
          created: row ? happened(row) : stampIso(state.created.stamp),
          ...sourceOf(row),
        };
      }
    },
    async *channels() {
      for (const [key, counts] of await database.under<ChannelRow>('v/channel/')) {
        const id = key.slice('v/channel/'.length);
        const state = stateOf(reading, database, id) as ChannelState | undefined;
        if (state?.kind !== 'channel') continue;
        if (state.addressed && !counts.messages) continue;
        yield channelOf(state);
      }
    },
    async *messages(channel) {
      for await (const state of states(`v/message/${channel}/`, 'message'))
        yield messageShape(reading, state);
    },
    async *reactions(channel) {
      for await (const state of states(`v/message/${channel}/`, 'message')) yield* reactionsOf(state);
    },
    async *tasks() {
      for await (const state of states('v/tasks/', 'task')) {
        const shape = await taskShape(reading, state, undefined);
        yield { ...shape, short: state.short, moved: movedOf(state) };
      }
    },
    async *links() {
      for await (const state of states('v/tasks/', 'task')) {
        for (const link of state.links) {
          const held = database.get<LinkRow>(keys.link(link.to, link.kind, link.from));
          const row = operation(reading, link.op);
          if (!held || held.dropped || held.op !== link.op || !row) continue;
          yield {
            id: link.op,
            from: link.from,
            kind: link.kind,
            to: link.to,
            by: author(row),
            at: happened(row),
            ...sourceOf(row),
          };
        }
      }
    },
    async *comments() {
      for await (const task of ids(reading, 'v/tasks/'))
        for await (const state of states(`v/comment/${task}/`, 'comment')) yield commentShape(reading, state);
    },
    async *memory() {
      for await (const state of states('v/memory/', 'memory')) {
        const shape = await memoryShape(reading, state);
        const row = operation(reading, state.versions[0]?.op ?? state.id);
        const by = row && author(row);
        yield { ...shape, ...(by ? { by } : {}), ...(row ? { at: happened(row) } : {}) };
      }
    },
    async source(id) {
      return (
        operation(reading, id)?.header.imported?.source ??
        operation(reading, membership.state.members.get(id)?.created.op ?? id)?.header.imported?.source
      );
    },
  };

  function* reactionsOf(state: MessageState) {
    for (const [emoji, members] of Object.entries(state.reactions)) {
      for (const [member, operations] of Object.entries(members)) {
        const id = [...operations].sort()[0];
        const row = id === undefined ? undefined : operation(reading, id);
        if (id === undefined || !row) continue;
        yield {
          id,
          message: state.id,
          emoji,
          by: membership.person(member),
          at: happened(row),
          ...sourceOf(row),
        };
      }
    }
  }

  function movedOf(state: TaskState) {
    const written = state.status[0];
    if (!written || written.op === state.id) return null;
    const row = operation(reading, written.op);
    if (!row) return null;
    return { at: happened(row), by: author(row), reason: textOf(reading, written.op, 'reason') };
  }
}

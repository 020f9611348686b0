import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { Entry } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { defaultChannelId, messagesOf } from '../../src/maps/index.ts';
import { createWorld } from './world.ts';

async function team(seed: number) {
  const world = createWorld(seed);
  const workspace = await world.begin();
  const kai = await world.join(workspace, 'kai');
  const ada = await world.join(workspace, 'ada');
  const general = defaultChannelId(nodeCrypto, workspace, 'general');
  const channel = world.target(`log/channel.${general}/1`);
  const tasks = world.target('log/tasks/1');
  return { ...world, workspace, kai, ada, general, channel, tasks, see: () => world.view(workspace) };
}

describe('operations in any Y.Map', () => {
  it('LOG-13 LOG-14 made by two keys in plain maps, they count and fold: messages, edits, tasks, claims', async () => {
    const { kai, ada, general, channel, tasks, see } = await team(1);
    const first = await kai.author.write(await see(), channel, {
      type: 'message.create',
      body: { text: 'hello' },
    });
    await ada.author.write(await see(), channel, {
      type: 'message.create',
      data: { thread: first },
      body: { text: 'hi' },
    });
    await kai.author.write(await see(), channel, {
      type: 'message.edit',
      subject: first,
      body: { text: 'hello, team' },
    });
    const task = await ada.author.write(await see(), tasks, {
      type: 'task.create',
      data: { short: 'ada-1', priority: 'P1' },
      body: { title: 'Write' },
    });
    await kai.author.write(await see(), tasks, {
      type: 'claim.request',
      subject: task,
      data: { need: 'tentative', incarnation: 'one' },
    });
    const view = await see();
    expect([...view.operations.values()].filter(({ verdict }) => verdict.state !== 'counted')).toEqual([]);
    expect(view.refused).toEqual([]);
    const shown = messagesOf(view, general);
    expect(shown.map((message) => view.text(message.text[0]?.value))).toEqual(['hello, team', 'hi']);
    expect(shown.map(({ created }) => created.by)).toEqual([kai.member, ada.member]);
    expect(shown[0]?.edits).toBe(1);
    const state = view.things.get(task);
    expect(state?.kind === 'task' && view.text(state.title[0]?.value, 'title')).toBe('Write');
    expect(state?.kind === 'task' && state.claims.map(({ by }) => by)).toEqual([kai.member]);
    expect([...view.members.members.keys()].sort()).toEqual([kai.member, ada.member].sort());
  });

  it('LOG-14 the order in which maps were merged does not matter', async () => {
    const { kai, ada, channel, docs, see, general } = await team(2);
    const document = channel.document;
    const mine = docs.get(document) as Y.Doc;
    const apart = new Y.Doc();
    Y.applyUpdate(apart, Y.encodeStateAsUpdate(mine));
    const before = await see();
    const one = await kai.author.write(before, channel, { type: 'message.create', body: { text: 'one' } });
    const two = await ada.author.write(
      before,
      { document, ops: apart.getMap<Entry>('ops') },
      { type: 'message.create', body: { text: 'two' } },
    );
    Y.applyUpdate(mine, Y.encodeStateAsUpdate(apart));
    expect(messagesOf(await see(), general).map(({ id }) => id)).toEqual([one, two]);
  });

  it('LOG-13 what a key wrote in a burst is one chain, and a hole in the view is no fork', async () => {
    const { kai, channel, see, general } = await team(3);
    const old = await see();
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        kai.author.write(old, channel, { type: 'message.create', body: { text } }),
      ),
    );
    const view = await see();
    expect(messagesOf(view, general).map(({ id }) => id)).toEqual(ids);
    const headers = ids.map((id) => view.operations.get(id)?.entry.header);
    expect(headers.map((header) => header?.seq)).toEqual([1, 2, 3]);
    expect(headers.map((header) => header?.prev)).toEqual(['', ids[0], ids[1]]);
  });

  it('LOG-14 what does not belong is told apart and harms nothing', async () => {
    const { kai, channel, docs, see, general } = await team(4);
    const id = await kai.author.write(await see(), channel, {
      type: 'message.create',
      body: { text: 'kept' },
    });
    const { ops } = channel;
    const [[key, entry]] = [...ops.entries()] as [[string, Entry]];
    ops.set('not-a-key', entry);
    ops.set('nothing', 42 as never);
    ops.set(`${key.slice(0, -1)}a`, { ...entry, sig: 'A'.repeat(86) });
    const stranger = createWorld(99);
    const elsewhere = await stranger.begin();
    const foreign = await stranger.join(elsewhere, 'eve');
    await foreign.author.write(await stranger.view(elsewhere), channel, {
      type: 'message.create',
      body: { text: 'from another workspace' },
    });
    const view = await see();
    expect(messagesOf(view, general).map((message) => message.id)).toEqual([id]);
    expect(view.refused).toHaveLength(4);

    docs.delete('log/members/1');
    const blind = await see();
    expect(blind.operations.get(id)?.verdict.state).toBe('waiting');
    expect(messagesOf(blind, general)).toEqual([]);
  });
});

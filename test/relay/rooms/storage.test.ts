import { describe, expect, it } from 'vitest';
import { Doc } from 'yjs';
import { startOpenRelay } from '../../../relay/rooms/open-relay.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { openStorage } from '../../../src/storage/open.ts';
import type { MemoryStore } from '../../../src/storage/store/memory.ts';
import { scratch } from '../../support/scratch.ts';
import { peer, turns, world } from './fakes.ts';
import { openRelay } from './support.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

async function push(one: Awaited<ReturnType<ReturnType<typeof world>['join']>>, from: number, to: number) {
  for (let at = from; at < to; at += 1) {
    one.doc.getArray('a').push([at]);
    await turns(4);
  }
}

/** Does something before each write of a whole state. */
function onState(store: MemoryStore, task: () => void) {
  const states = { count: 0 };
  const { commit } = store;
  store.commit = (writes) => {
    if (writes.some(([key]) => key.startsWith('state/'))) {
      states.count += 1;
      task();
    }
    return commit(writes);
  };
  return states;
}

describe('documents of an open relay', () => {
  it('RLY-12: records become one state, before and after it everything is there', async () => {
    const { join, keys, store } = world({}, { records: 10, bytes: 1e9 });
    const writer = await join(peer());
    await push(writer, 0, 9);
    expect((await keys('update/')).length).toBe(9);
    expect(await keys('state/')).toEqual([]);
    await push(writer, 9, 10);
    await turns();
    expect(await keys('update/')).toEqual([]);
    expect(await keys('state/')).toEqual(['state/room']);
    await push(writer, 10, 13);
    expect(await keys('update/')).toEqual(
      [11, 12, 13].map((n) => `update/room/${String(n).padStart(14, '0')}`),
    );
    const again = world({}, {}, store.crash());
    const reader = await again.join(peer());
    expect(reader.doc.getArray('a').toArray()).toEqual(numbers(13));
  });

  it('RLY-12: a process that ends while a state is written loses nothing', async () => {
    const { join, store } = world({}, { records: 4, bytes: 1e9 });
    const states = onState(store, () => void store.faults.hold());
    const writer = await join(peer());
    await push(writer, 0, 4);
    expect(states.count).toBe(1);
    const crashed = world({}, {}, store.crash({ power: true }));
    const reader = await crashed.join(peer());
    expect(reader.doc.getArray('a').toArray()).toEqual(numbers(4));
  });

  it('RLY-12: a state that the disk refuses is told of, and the room comes back whole', async () => {
    const { join, store, troubles } = world({}, { records: 4, bytes: 1e9 });
    onState(store, () => store.faults.failNext('torn'));
    const writer = await join(peer());
    await push(writer, 0, 4);
    await turns();
    expect(troubles.length).toBe(1);
    writer.doc.getArray('a').push([4]);
    await turns();
    expect(writer.state.closed).toBe(4500);
    const back = await join(peer(writer.doc));
    const reader = await join(peer());
    expect(reader.doc.getArray('a').toArray()).toEqual(numbers(5));
    expect(back.state.closed).toBeUndefined();
  });

  it('RLY-12: a room that nobody is in is compacted and let go, and loads again', async () => {
    const { join, keys, time, counts } = world({ idle: 555 });
    const writer = await join(peer());
    await push(writer, 0, 5);
    writer.events.closed(1006, '');
    expect(counts.rooms).toBe(1);
    time.run(555);
    await turns();
    expect(counts.rooms).toBe(0);
    expect(await keys('update/')).toEqual([]);
    const reader = await join(peer());
    expect(reader.doc.getArray('a').toArray()).toEqual(numbers(5));
    time.run(555);
    await turns();
    expect(counts.rooms).toBe(1);
  });

  it('RLY-12: names of rooms do not mix, whatever they hold', async () => {
    const { join, store } = world();
    const names = ['', 'a', 'a/', 'a/0', 'a/00000000000001', 'a0', 'a%2F', '../a', 'ä', ':', '0'];
    for (const name of names) {
      const one = await join(peer(), name);
      one.doc.getMap('m').set('name', name);
      await turns();
    }
    const again = world({}, {}, store.crash());
    for (const name of names) {
      const one = await again.join(peer(), name);
      expect(one.doc.getMap('m').toJSON()).toEqual({ name });
    }
  });

  it('RLY-16: a refused write tells nobody anything, and everybody comes back to what is on disk', async () => {
    for (const fault of ['before', 'torn', 'after'] as const) {
      const { join, store, counts } = world();
      const writer = await join(peer(), 'room', true);
      const reader = await join(peer());
      await push(writer, 0, 2);
      const told = writer.stored;
      store.faults.failNext(fault);
      writer.doc.getArray('a').push([2]);
      await turns();
      expect([writer.state.closed, reader.state.closed]).toEqual([4500, 4500]);
      expect(writer.stored).toBe(told);
      expect(reader.doc.getArray('a').length).toBe(2);
      expect(counts.failed).toBe(1);
      const later = await join(peer());
      expect(later.doc.getArray('a').length).toBe(fault === 'after' ? 3 : 2);
      // The writer has it still, and brings it.
      const back = await join(peer(writer.doc));
      expect(back.doc.getArray('a').length).toBe(3);
      await turns();
      expect(later.doc.getArray('a').toArray()).toEqual([0, 1, 2]);
    }
  });

  it('RLY-16: a damaged or missing record is an error, never a shorter document', async () => {
    for (const harm of ['damage', 'remove'] as const) {
      const { join, store, keys } = world();
      const writer = await join(peer());
      await push(writer, 0, 3);
      const [, second] = await keys('update/');
      if (harm === 'damage') store.faults.damage(second!);
      else await store.commit([[second!, undefined]]);
      const again = world({}, {}, store.crash());
      const reader = peer();
      reader.events = again.rooms.join(reader.socket, 'room');
      await turns();
      expect(reader.state.closed).toBe(4500);
      expect(reader.messages).toEqual([]);
      const other = await again.join(peer(), 'other');
      expect(other.state.closed).toBeUndefined();
    }
  });

  it('RLY-10: an update that cannot be read is refused whole, and only its sender goes', async () => {
    const { join, counts } = world();
    const good = await join(peer());
    const bad = await join(peer());
    const doc = new Doc();
    let update = new Uint8Array();
    doc.on('update', (bytes: Uint8Array) => {
      update = new Uint8Array(bytes);
    });
    doc.getText('t').insert(0, 'partly');
    // The structs are whole, the set of deletions is cut off.
    const tail = Uint8Array.from([...update.slice(0, -1), 3, 1]);
    bad.say(wire.update(tail));
    await turns();
    expect(bad.state.closed).toBe(4422);
    expect(good.state.closed).toBeUndefined();
    expect(good.doc.getText('t').toString()).toBe('');
    expect(counts.refused).toBe(1);
  });

  it('RLY-1: refuses the directory of a workspace, and one that another relay has', async () => {
    const directory = scratch();
    const storage = await openStorage({ directory });
    await storage.close();
    await expect(startOpenRelay({ directory, port: 0 })).rejects.toMatchObject({
      code: 'directory_unreadable',
    });
    const relay = await openRelay();
    await expect(startOpenRelay({ directory: relay.directory, port: 0 })).rejects.toMatchObject({
      code: 'directory_locked',
    });
    await expect(startOpenRelay({ directory: scratch(), port: relay.port })).rejects.toMatchObject({
      code: 'port_busy',
    });
  });
});

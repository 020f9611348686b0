import { describe, expect, it } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate } from 'yjs';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { peer, structs, turns, world } from './fakes.ts';

const updatesIn = (messages: readonly Uint8Array[]): Uint8Array[] =>
  messages.flatMap((bytes) => {
    if (bytes[0] === 120) return [];
    const message = wire.readMessage(bytes);
    return message.kind === 'update' ? [message.bytes] : [];
  });

describe('a room', () => {
  it('RLY-2: reads and says nothing before the document is loaded', async () => {
    const { rooms, join, store } = world();
    const writer = await join(peer());
    writer.doc.getText('t').insert(0, 'there');
    await turns();
    await rooms.close();

    const again = world({}, {}, store.crash());
    const reader = peer();
    reader.events = again.rooms.join(reader.socket, 'room');
    expect(reader.state.paused).toBe(true);
    expect(reader.messages).toEqual([]);
    await turns();
    expect(reader.state.paused).toBe(false);
    reader.ask();
    await turns();
    const [first] = updatesIn(reader.messages);
    expect(structs(first!)).toBe(1);
    expect(reader.doc.getText('t').toString()).toBe('there');
  });

  it('RLY-3: nothing is sent, answered or acknowledged before it is durable', async () => {
    const { store, join } = world();
    const writer = await join(peer(), 'room', true);
    const reader = await join(peer());
    const before = reader.messages.length;
    const release = store.faults.hold();
    writer.doc.getText('t').insert(0, 'held');
    await turns();
    const joiner = peer();
    const joined = join(joiner);
    await turns(20);
    expect(updatesIn(joiner.messages)).toEqual([]);
    expect(reader.messages.length).toBe(before);
    expect(writer.stored).toBe(1);
    release();
    await joined;
    await turns();
    expect(writer.stored).toBe(2);
    for (const one of [reader, joiner]) expect(one.doc.getText('t').toString()).toBe('held');
  });

  it('RLY-4: tells how many updates are stored, to those who asked, and in no other message', async () => {
    const { join } = world();
    const asking = await join(peer(), 'room', true);
    const stock = await join(peer());
    for (let at = 0; at < 5; at += 1) asking.doc.getArray('a').push([at]);
    stock.doc.getArray('a').push(['x']);
    await turns();
    // The answer to the first step counts too.
    expect(asking.stored).toBe(6);
    expect(stock.messages.some((bytes) => bytes[0] === 120)).toBe(false);
  });

  it('RLY-5: clients that have everything upload nothing, and nothing is written', async () => {
    const { join, counts, store } = world();
    const writer = await join(peer());
    writer.doc.getText('t').insert(0, 'all of it');
    await turns();
    const { updatesIn: came, bytesIn } = counts;
    const commits = store.lastCommit;
    const warm = await Promise.all(
      Array.from({ length: 200 }, () => join(applied(peer(), encodeStateAsUpdate(writer.doc)))),
    );
    await turns();
    expect(warm.length).toBe(200);
    expect(counts.updatesIn - came).toBe(200);
    expect(counts.bytesIn - bytesIn).toBe(200 * 2);
    expect(store.lastCommit).toBe(commits);
  });

  it('RLY-6: one turn is one update and one buffer, the same for every socket', async () => {
    const { join, counts, store } = world();
    const writers = await Promise.all(Array.from({ length: 10 }, () => join(peer())));
    const readers = await Promise.all(Array.from({ length: 5 }, () => join(peer())));
    const before = readers.map(({ framed }) => framed.length);
    const commits = store.lastCommit;
    writers.forEach(({ doc }, at) => {
      for (let n = 0; n < 10; n += 1) doc.getArray('a').push([at * 10 + n]);
    });
    await turns();
    const got = readers.map(({ framed }, at) => framed.slice(before[at]));
    for (const frames of got) expect(frames.length).toBe(1);
    for (const frames of got) expect(frames[0]).toBe(got[0]![0]);
    expect(counts.turns).toBe(1);
    expect(store.lastCommit - commits).toBe(1);
    expect(readers[0]!.doc.getArray('a').length).toBe(100);
  });

  it('RLY-6: what one socket wrote alone is not sent back to it', async () => {
    const { join } = world();
    const writer = await join(peer());
    const reader = await join(peer());
    const before = writer.messages.length;
    writer.doc.getText('t').insert(0, 'mine');
    await turns();
    expect(reader.doc.getText('t').toString()).toBe('mine');
    expect(writer.messages.length).toBe(before);
  });

  it('RLY-7: a slow reader gets no update until it has drained, then exactly what it lacks', async () => {
    const { join, counts } = world({ buffered: 1_000 });
    const writer = await join(peer());
    writer.doc.getText('t').insert(0, 'x'.repeat(10_000));
    const slow = await join(peer());
    const quick = await join(peer());
    slow.buffered = 1_001;
    const before = slow.messages.length;
    for (let at = 0; at < 20; at += 1) {
      writer.doc.getArray('a').push([at]);
      if (at % 5 === 0) writer.doc.getText('t').delete(0, 1);
      await turns(4);
    }
    expect(quick.doc.getArray('a').length).toBe(20);
    expect(updatesIn(slow.messages.slice(before))).toEqual([]);
    expect(counts.lagged).toBe(1);
    slow.buffered = 0;
    slow.events.drained();
    await turns();
    const came = updatesIn(slow.messages.slice(before));
    expect(came.length).toBe(1);
    // Not the 10,000 characters that it has.
    expect(came[0]!.length).toBeLessThan(1_000);
    expect(slow.doc.getText('t').length).toBe(9_996);
    expect(slow.doc.getArray('a').toArray()).toEqual(writer.doc.getArray('a').toArray());
    writer.doc.getArray('a').push(['live again']);
    await turns();
    expect(slow.doc.getArray('a').length).toBe(21);
  });

  it('RLY-7: what comes while a reader catches up follows its answer, or is made good for', async () => {
    const { join, store, rooms } = world({ buffered: 500 });
    const writer = await join(peer());
    writer.doc.getText('t').insert(0, 'first');
    await turns();
    const joiner = peer();
    joiner.events = rooms.join(joiner.socket, 'room');
    await turns();
    const release = store.faults.hold();
    writer.doc.getText('t').insert(0, 'x'.repeat(400));
    await turns();
    // Its answer waits for the write that is under way.
    joiner.ask();
    await turns();
    for (let at = 0; at < 10; at += 1) writer.doc.getText('t').insert(0, 'y'.repeat(400));
    release();
    await turns(20);
    expect(joiner.doc.getText('t').toString()).toBe(writer.doc.getText('t').toString());
    writer.doc.getText('t').insert(0, 'live ');
    await turns();
    expect(joiner.doc.getText('t').toString()).toBe(writer.doc.getText('t').toString());
  });

  it('RLY-7: who asks again and again and reads nothing is answered once, when it has drained', async () => {
    const { join } = world({ buffered: 1_000 });
    const writer = await join(peer());
    writer.doc.getText('t').insert(0, 'x'.repeat(10_000));
    const greedy = await join(peer(), 'room', true);
    greedy.buffered = 1_001;
    const [before, stored] = [greedy.messages.length, greedy.stored];
    for (let at = 0; at < 50; at += 1) {
      // For the whole document, for everybody who is present, and for a word about an empty update.
      greedy.say(wire.step1(Uint8Array.of(0)));
      greedy.say(Uint8Array.of(3));
      greedy.say(wire.update(Uint8Array.of(0, 0)));
      await turns(1);
    }
    writer.doc.getText('t').insert(0, 'more');
    await turns();
    expect(greedy.messages.length).toBe(before);
    greedy.buffered = 0;
    greedy.events.drained();
    await turns();
    const came = greedy.messages.slice(before);
    expect(came.length).toBe(2);
    expect(updatesIn(came).map(({ length }) => length > 10_000)).toEqual([true]);
    expect(greedy.stored).toBe(stored + 50);
    writer.doc.getText('t').insert(0, 'live again');
    await turns();
    expect(greedy.doc.getText('t').toString()).toBe(writer.doc.getText('t').toString());
  });

  it('RLY-7: whoever lets wait what the room did not send is cut off', async () => {
    const { join, time } = world({ buffered: 1_000 });
    const writer = await join(peer());
    const slow = await join(peer());
    const flooding = await join(peer());
    writer.doc.getText('t').insert(0, 'x'.repeat(10_000));
    await turns();
    slow.buffered = 10_000;
    flooding.buffered = 20_000;
    time.run(9_000);
    expect([slow.state.cut, flooding.state.cut]).toEqual([false, true]);
  });

  it('RLY-7: writers are paused while too much waits to be stored, and go on then', async () => {
    const { join, store } = world({ waiting: 10_000 });
    const writer = await join(peer());
    const reader = await join(peer());
    const release = store.faults.hold();
    for (let at = 0; at < 30; at += 1) {
      writer.doc.getText('t').insert(0, 'z'.repeat(1_000));
      await turns(1);
    }
    expect(writer.state.paused).toBe(true);
    expect(reader.state.paused).toBe(false);
    release();
    await turns();
    expect(writer.state.paused).toBe(false);
    expect(reader.doc.getText('t').length).toBe(30_000);
  });

  it('RLY-7: a paused writer goes on when what filled the room was refused', async () => {
    const { join, store } = world({ waiting: 10_000 });
    const writer = await join(peer());
    const bad = await join(peer());
    const release = store.faults.hold();
    writer.doc.getText('t').insert(0, 'z'.repeat(12_000));
    await turns(2);
    expect(writer.state.paused).toBe(true);
    // Waits until the write is done, alone, and keeps the room full until it is refused.
    bad.say(wire.update(new Uint8Array(12_000).fill(255)));
    release();
    await turns();
    expect(bad.state.closed).toBe(4422);
    expect(writer.state.paused).toBe(false);
  });

  it('RLY-8: says something in each 20 s, and cuts off whom it hears nothing of', async () => {
    const { join, time } = world();
    const silent = await join(peer());
    const talking = await join(peer());
    const before = silent.messages.length;
    for (let round = 0; round < 5; round += 1) {
      talking.state.heard += 1;
      time.run(9_000);
      await turns(2);
    }
    // The first round follows the greeting, every other one is silent but for this.
    expect(silent.messages.slice(before).map((bytes) => [...bytes])).toEqual(new Array(4).fill([1, 1, 0]));
    expect(silent.state.pings).toBeGreaterThan(0);
    for (let round = 0; round < 5; round += 1) {
      talking.state.heard += 1;
      time.run(9_000);
    }
    expect(silent.state.cut).toBe(true);
    expect(talking.state.cut).toBe(false);
  });

  it('RLY-11: what rests on something absent is not kept, and its sender is asked for all that it has', async () => {
    const { join, time, counts } = world({ asking: 777 });
    const reader = await join(peer());
    const sender = await join(peer(), 'room', true);
    const parts: Uint8Array[] = [];
    const write = new Doc();
    write.on('update', (update: Uint8Array) => parts.push(update));
    for (let at = 0; at < 3; at += 1) write.getArray('a').push([at]);
    // The sender has all three, and its second message got lost.
    applyUpdate(sender.doc, encodeStateAsUpdate(write), sender);
    const told = sender.stored;
    sender.say(wire.update(parts[0]!));
    sender.say(wire.update(parts[2]!));
    await turns();
    expect(reader.doc.getArray('a').toArray()).toEqual([0]);
    expect(counts.lacking).toBe(1);
    expect(sender.stored).toBe(told + 1);
    time.run(777);
    await turns();
    expect(reader.doc.getArray('a').toArray()).toEqual([0, 1, 2]);
    expect(sender.stored).toBe(told + 3);
  });

  it('RLY-11: updates that come before those of another socket on which they rest are taken in the same turn', async () => {
    const { join, counts } = world();
    const reader = await join(peer());
    const doc = new Doc();
    const parts: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => parts.push(update));
    doc.getArray('a').push([1]);
    doc.getArray('a').push([2]);
    const one = await join(peer());
    const two = await join(peer());
    one.say(wire.update(parts[1]!));
    two.say(wire.update(parts[0]!));
    await turns();
    expect(reader.doc.getArray('a').toArray()).toEqual([1, 2]);
    expect(counts.lacking).toBe(0);
  });
});

/** A peer whose document begins with an update. */
function applied(one: ReturnType<typeof peer>, update: Uint8Array): ReturnType<typeof peer> {
  applyUpdate(one.doc, update, one);
  return one;
}

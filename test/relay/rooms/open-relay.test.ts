import { describe, expect, it } from 'vitest';
import { Doc } from 'yjs';
import { connect, openRelay, same, scratch, until } from './support.ts';

describe('an open relay', () => {
  it('RLY-1: two stock clients converge, each reading what the other writes', async () => {
    const relay = await openRelay();
    const one = connect(relay.url, 'notes/today');
    const two = connect(relay.url, 'notes/today');
    await Promise.all([one.synced(), two.synced()]);
    one.doc.getText('t').insert(0, 'hello');
    await until(two, () => two.doc.getText('t').toString() === 'hello');
    two.doc.getText('t').insert(5, ' world');
    two.doc.getMap('m').set('by', 'two');
    await until(one, () => one.doc.getMap('m').get('by') === 'two');
    expect(same(one.doc, two.doc)).toBe(true);
    const other = connect(relay.url, 'notes');
    await other.synced();
    expect(other.doc.toJSON()).toEqual({});
  });

  it('RLY-2: what was there before a restart is in the first answer', async () => {
    const directory = scratch();
    const first = await openRelay({ directory });
    const writer = connect(first.url, 'room');
    await writer.synced();
    for (let at = 0; at < 50; at += 1) writer.doc.getArray('a').push([at]);
    const reader = connect(first.url, 'room');
    await until(reader, () => reader.doc.getArray('a').length === 50);
    writer.close();
    reader.close();
    await first.close();

    const second = await openRelay({ directory });
    const doc = new Doc();
    const again = connect(second.url, 'room', doc);
    await again.synced();
    expect(doc.getArray('a').toArray()).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });
});

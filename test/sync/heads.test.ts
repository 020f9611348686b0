import { describe, expect, it } from 'vitest';
import { toBase64url } from '../../src/op/index.ts';
import type { HeadsStatements } from '../../src/sync/port.ts';
import { openPeer } from './peer.ts';

const sig = toBase64url(new Uint8Array(64).fill(9));

async function met(capabilities: readonly string[]) {
  const newest = new Map([['a', 'a1']]);
  const listeners = new Set<Parameters<HeadsStatements['onNew']>[0]>();
  const taken: string[] = [];
  const peer = openPeer();
  const heads: HeadsStatements = {
    names: () => [...newest.keys()],
    named: (name) => ({ text: newest.get(name) ?? '', sig }),
    take: async ({ text }, from) => void taken.push(`${from} ${text}`),
    onNew(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  Object.assign(peer.source, { heads });
  await peer.hello({ capabilities });
  await peer.prove();
  const told = (): string[] =>
    peer.control('heads').flatMap(({ statements }) => statements.map(({ text }) => text));
  // Both are empty, so they are in step with this.
  expect(told()).toEqual([]);
  await peer.say({ type: 'root', ...(await peer.own.root()) });
  return {
    ...{ peer, told, taken, listeners },
    say(name: string, text: string, origin?: number): void {
      newest.set(name, text);
      for (const listener of listeners) listener(name, origin);
    },
  };
}

describe('heads of sealed mailboxes in a session', () => {
  it('SYN-36: are told to a peer that names them once both are in step, then what is new, not back to where it came from', async () => {
    const { peer, told, say, taken, listeners } = await met(['heads']);
    expect(told()).toEqual(['a1']);
    say('b', 'b1');
    say('c', 'c1', 1);
    say('d', 'd1', 2);
    expect(told()).toEqual(['a1', 'b1', 'd1']);
    await peer.say({ type: 'heads', statements: [{ text: 'theirs', sig }] });
    expect(taken).toEqual(['1 theirs']);
    peer.session.closed(1006, '');
    expect(listeners.size).toBe(0);
  });

  it('SYN-36: are told to no peer that does not name them, and the hello names them where there are any', async () => {
    const { peer, told, say } = await met(['presence']);
    say('b', 'b1');
    expect(told()).toEqual([]);
    expect(peer.closed).toBeUndefined();
    const none = openPeer();
    expect(none.control('hello')[0]?.capabilities).not.toContain('heads');
  });

  it('SYN-33, SYN-36: a flood of them is not read on until its cost is made up for, and none is taken before both met', async () => {
    const { peer } = await met(['heads']);
    const statements = Array.from({ length: 16 }, (_, i) => ({ text: `${i}`, sig }));
    for (let i = 0; i < 20; i++) await peer.say({ type: 'heads', statements });
    expect(peer.wire.paused).toBe(true);
    expect(peer.closed).toBeUndefined();
    const early = openPeer();
    await early.hello();
    await early.say({ type: 'heads', statements: [] });
    expect(early.closed?.code).toBe(4400);
  });
});

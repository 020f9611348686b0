import { describe, expect, it } from 'vitest';
import { toBase64url } from '../../src/op/index.ts';
import type { Statement, Statements } from '../../src/sync/port.ts';
import { openPeer } from './peer.ts';

const sig = toBase64url(new Uint8Array(64).fill(9));

/** Statements by name, and what was taken of whom. */
function board() {
  const newest = new Map<string, string>();
  const listeners = new Set<Parameters<Statements['onNew']>[0]>();
  const taken: { text: string; from: number }[] = [];
  return {
    taken,
    listeners,
    say(name: string, text: string, origin?: number): void {
      newest.set(name, text);
      for (const listener of listeners) listener(name, origin);
    },
    statements: {
      names: () => [...newest.keys()],
      named: (name) => ({ text: newest.get(name) ?? '', sig, age: 5 }),
      take: async ({ text }, from) => void taken.push({ text, from }),
      onNew(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      faults: () => new Map(),
    } satisfies Statements,
  };
}

async function met(capabilities: readonly string[], before: (say: ReturnType<typeof board>['say']) => void) {
  const shown = board();
  const peer = openPeer();
  Object.assign(peer.source, { statements: shown.statements });
  before(shown.say);
  await peer.hello({ capabilities });
  await peer.prove();
  await peer.say({ type: 'root', ...(await peer.own.root()) });
  await peer.say({ type: 'synced' });
  const told = (): string[] =>
    peer.control('presence').flatMap(({ statements }) => statements.map(({ text }: Statement) => text));
  return { ...shown, peer, told };
}

describe('presence in a session', () => {
  it('SYN-34: is told to a peer that names it: all that holds, then what is new, not back to where it came from', async () => {
    const { peer, told, say, taken, listeners } = await met(['x', 'presence'], (first) => first('a', 'a1'));
    expect(told()).toEqual(['a1']);
    expect(peer.control('presence')[0]?.statements[0]).toEqual({ text: 'a1', sig, age: 5 });
    say('b', 'b1');
    say('c', 'c1', 1);
    say('d', 'd1', 2);
    expect(told()).toEqual(['a1', 'b1', 'd1']);
    await peer.say({ type: 'presence', statements: [{ text: 'theirs', sig, age: 0 }] });
    expect(taken).toEqual([{ text: 'theirs', from: 1 }]);
    peer.session.closed(1006, '');
    expect(listeners.size).toBe(0);
  });

  it('SYN-34: is not told to a peer of a version that does not name it', async () => {
    const { peer, told, say } = await met(['x'], (first) => first('a', 'a1'));
    say('b', 'b1');
    expect(told()).toEqual([]);
    expect(peer.closed).toBeUndefined();
  });

  it('SYN-34: waits while too much waits to be sent, and of one name the newest is told then', async () => {
    const { peer, told, say } = await met(['presence'], () => undefined);
    peer.wire.buffered = 5 * 1024 * 1024;
    for (let i = 0; i < 100; i++) say('a', `a${i}`);
    say('b', 'b1');
    expect(told()).toEqual([]);
    peer.wire.buffered = 0;
    peer.session.drained();
    expect(told()).toEqual(['a99', 'b1']);
  });

  it('SYN-9, SYN-34: is out of turn before both have met, and ignored where it is not known', async () => {
    const early = openPeer();
    await early.hello();
    await early.say({ type: 'presence', statements: [] });
    expect(early.closed?.code).toBe(4400);
    const without = openPeer();
    await without.meet();
    await without.say({ type: 'presence', statements: [{ text: '{}', sig, age: 0 }] });
    expect(without.closed).toBeUndefined();
  });

  it('SYN-33, SYN-34: a flood of statements is not read on until its cost is made up for', async () => {
    const { peer } = await met(['presence'], () => undefined);
    const statements = Array.from({ length: 64 }, (_, i) => ({ text: `${i}`, sig, age: 0 }));
    for (let i = 0; i < 5; i++) await peer.say({ type: 'presence', statements });
    expect(peer.wire.paused).toBe(true);
    expect(peer.closed).toBeUndefined();
  });
});

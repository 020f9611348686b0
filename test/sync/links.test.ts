import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../schemas/protocol.ts';
import { createLinks } from '../../src/sync/links.ts';
import type { SessionEvent } from '../../src/sync/session.ts';
import { join, type MeshNode, slice } from '../simulation/mesh.ts';
import { createNetwork, type Network } from '../simulation/network.ts';
import { runSeed } from '../support/storage.ts';
import { createMemorySource, type MemorySource } from '../support/sync-source.ts';

type Node = MeshNode<MemorySource>;

const document = 'log/tasks/1';

function setUp(names: string): { network: Network; nodes: Node[] } {
  const network = createNetwork({ seed: runSeed() });
  const nodes = [...names].map((name) => join(network, name, createMemorySource({ name, ...network })));
  return { network, nodes };
}

/** The answer of a promise, once enough virtual time has passed. */
async function inTime<T>(network: Network, promise: Promise<T>, ms = 20_000): Promise<T> {
  let over = false;
  const done = promise.finally(() => {
    over = true;
  });
  expect(await network.until(() => over, ms)).toBe(true);
  return done;
}

describe('links', () => {
  it('SYN-27: in a cycle of three each update is applied once, and nothing goes round', async () => {
    const { network, nodes } = setUp('abc');
    const [a, b, c] = nodes as [Node, Node, Node];
    a.keep('b');
    b.keep('c');
    c.keep('a');
    await a.source.write('tasks', 1);
    await network.run(3000);
    const before = [b, c].map(({ source }) => source.applied.get(document) ?? 0);
    for (let i = 0; i < 20; i++) {
      await a.source.write('tasks', 1);
      await network.run(100);
    }
    await network.run(1000);
    expect([b, c].map(({ source }, i) => (source.applied.get(document) ?? 0) - before[i]!)).toEqual([20, 20]);
    expect(a.source.applied.get(document)).toBeUndefined();
    const { packets } = network.counts;
    await network.run(5000);
    expect(network.counts.packets).toBe(packets);
  });

  it('SYN-28: settled answers when everything is durable at so many peers, and no earlier', async () => {
    const { network, nodes } = setUp('abc');
    const [a, b, c] = nodes as [Node, Node, Node];
    b.keep('a');
    c.keep('a');
    await a.source.write('tasks', 1);
    await network.run(3000);
    b.source.troubles.delay = 300;
    c.source.troubles.delay = 900;
    await a.source.write('tasks', 1);
    const start = network.now();
    const one = await inTime(network, a.links.settled({ peers: 1, timeoutMs: 5000 }));
    expect(one).toEqual({ stored: [b.source.publicKey], enough: true });
    expect(network.now() - start).toBeGreaterThanOrEqual(300);
    expect(network.now() - start).toBeLessThan(900);
    const both = await inTime(network, a.links.settled({ peers: 2, timeoutMs: 5000 }));
    expect([...both.stored].sort()).toEqual([b.source.publicKey, c.source.publicKey].sort());
    expect(network.now() - start).toBeGreaterThanOrEqual(900);
    expect(a.links.status().peers).toMatchObject([{ unstored: 0 }, { unstored: 0 }]);
  });

  it('SYN-28: settled rejects once its signal aborts, and waits no longer', async () => {
    const { nodes } = setUp('ab');
    const [a] = nodes as [Node, Node];
    const stop = new AbortController();
    const wanted = { peers: 1, timeoutMs: 5000, signal: stop.signal };
    const settled = a.links.settled(wanted);
    stop.abort();
    await expect(settled).rejects.toBe(stop.signal.reason);
    await expect(a.links.settled(wanted)).rejects.toBe(stop.signal.reason);
    expect(await a.links.settled({ peers: 0, timeoutMs: 1, signal: new AbortController().signal })).toEqual({
      stored: [],
      enough: true,
    });
  });

  it('SYN-28: what is queued, announced or held back counts as not stored; who is away is not counted', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    for (let n = 1; n <= 30; n++) await a.source.write('tasks', 3, n);
    expect(await inTime(network, a.links.settled({ peers: 1, timeoutMs: 1000 }))).toEqual({
      stored: [],
      enough: false,
    });
    const settled = a.links.settled({ peers: 1, timeoutMs: 20_000 });
    b.keep('a');
    expect((await inTime(network, settled)).enough).toBe(true);
    expect(await b.source.root()).toEqual(await a.source.root());
    // A late write to a cold segment is announced first.
    await a.source.write('tasks', 1, 4);
    expect((await inTime(network, a.links.settled({ peers: 1, timeoutMs: 5000 }))).enough).toBe(true);
    expect(b.source.document('log/tasks/4').size).toBe(4);
    // Told by neither: the other side cannot store.
    b.source.troubles.delay = 60_000;
    await a.source.write('tasks', 1, 5);
    expect((await inTime(network, a.links.settled({ peers: 1, timeoutMs: 5000 }))).enough).toBe(false);
    expect(a.links.status().peers[0]).toMatchObject({ state: 'live' });
  });

  it('SYN-28: settled under steady writes waits for what was there at the call alone', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    b.keep('a');
    await network.run(500);
    b.source.troubles.delay = 40;
    let writing = true;
    const write = (): void => {
      void a.source.write('tasks', 1);
      if (writing) network.timer(write, 10);
    };
    write();
    await network.run(1000);
    const start = network.now();
    expect((await inTime(network, a.links.settled({ peers: 1, timeoutMs: 60_000 }))).enough).toBe(true);
    writing = false;
    expect(network.now() - start).toBeLessThan(10_000);
  });

  it('SYN-29: of two sessions with one peer the one that the lower key dialled stays', async () => {
    for (let run = 0; run < 5; run++) {
      const network = createNetwork({ seed: runSeed() + run });
      const [a, b] = ['a', 'b'].map((name) =>
        join(network, name, createMemorySource({ name, ...network })),
      ) as [Node, Node];
      a.keep('b');
      b.keep('a');
      await network.run(3000);
      const [lower, upper] = a.source.publicKey < b.source.publicKey ? [a, b] : [b, a];
      const roles = ({ links }: Node): string[] =>
        links
          .sessions()
          .filter((session) => session.status().state.phase === 'live')
          .map(({ role }) => role);
      expect(roles(lower)).toEqual(['dial']);
      expect(roles(upper)).toEqual(['listen']);
      const codes = [...a.events, ...b.events].flatMap((event) =>
        event.type === 'closed' ? [event.code] : [],
      );
      expect(new Set(codes)).toEqual(new Set([closeCodes.duplicate]));
    }
  });

  it('SYN-29: a copied directory is not shut out by sessions of the other', async () => {
    for (let run = 0; run < 6; run++) {
      const network = createNetwork({ seed: runSeed() + run });
      const [hub, first, copy] = ['hub', 'first', 'copy'].map((name) => {
        const keySeed = new Uint8Array(32).fill(name === 'hub' ? 20 + run : 8);
        return join(network, name, createMemorySource({ name, ...network, keySeed }));
      }) as [Node, Node, Node];
      hub.keep('first');
      copy.keep('hub');
      await network.run(3000);
      await copy.source.write('tasks', 1);
      await network.run(3000);
      expect(first.source.document(document).size).toBe(1);
      expect(hub.links.sessions().length).toBe(2);
    }
  });

  it('SYN-29: of 50 sessions of one key, each of an opening of its own, the last four stay', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    await b.dial('a');
    const many = createMemorySource({ name: 'many', ...network, keySeed: new Uint8Array(32).fill(9) });
    const codes: number[] = [];
    for (let i = 0; i < 50; i++) {
      const links = createLinks(many, { ...network, slice });
      network.dial('many', 'a', (end) => {
        const onEvent = (event: SessionEvent): void => {
          if (event.type === 'closed') codes.push(event.code);
        };
        end.bind(links.connect({ role: 'dial', transport: end.transport, onEvent }));
      });
      await network.run(100);
    }
    await network.run(3000);
    const keys = a.links.sessions().map((session) => {
      const { state } = session.status();
      return state.phase === 'live' ? state.publicKey : undefined;
    });
    expect(keys).toEqual([b.source.publicKey, ...Array.from({ length: 4 }, () => many.publicKey)]);
    expect(codes).toEqual(Array.from({ length: 46 }, () => closeCodes.busy));
    expect(a.links.status().peers).toMatchObject([{ state: 'live' }, { state: 'live' }]);
  });

  it('SYN-31: status counts what had to wait, what was taken then, and what came by key', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    b.keep('a');
    await network.run(3000);
    const { receive } = b.source;
    let calls = 0;
    b.source.receive = async (...given) => {
      const received = await receive(...given);
      calls++;
      return received.ok
        ? { ...received, parked: calls === 1 ? 1 : 0, released: calls === 1 ? 0 : 3 }
        : received;
    };
    for (let at = 0; at < 2; at++) {
      await a.source.write('tasks', 1);
      await network.run(3000);
    }
    expect(b.links.status()).toMatchObject({ parked: 1, released: 3 * (calls - 1), refused: 0 });
    expect(calls).toBeGreaterThan(1);
    expect(a.links.status()).toMatchObject({ parked: 0, released: 0, repaired: 0 });
    const { network: other, nodes: two } = setUp('cd');
    const [c, d] = two as [Node, Node];
    await c.source.write('tasks', 2);
    await d.source.write('tasks', 1);
    await d.source.markSplit(document);
    d.keep('c');
    await other.run(3000);
    expect([c, d].map(({ links }) => links.status().repaired)).toEqual([1, 2]);
  });

  it('SYN-8: a replica that dials itself notices, and its source is not told of a copy', async () => {
    const { network, nodes } = setUp('a');
    const [a] = nodes as [Node];
    await a.dial('a');
    await network.run(1000);
    expect(a.links.sessions()).toEqual([]);
    expect(a.events).toContainEqual(
      expect.objectContaining({ type: 'closed', code: closeCodes.self, reason: 'this replica itself' }),
    );
    expect(a.source.copies).toBe(0);
    // Another process with the same key is one.
    const copy = createMemorySource({ name: 'copy', ...network, keySeed: new Uint8Array(32).fill(8) });
    const other = createMemorySource({ name: 'other', ...network, keySeed: new Uint8Array(32).fill(8) });
    join(network, 'copy', copy);
    await join(network, 'other', other).dial('copy');
    await network.run(1000);
    expect([copy.copies, other.copies]).not.toContain(undefined);
    expect(copy.copies + other.copies).toBeGreaterThan(0);
  });

  it('SYN-31: status tells of each peer, also when it is gone, and counts what was refused', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    const connection = await b.dial('a');
    await a.source.write('tasks', 2);
    await network.run(3000);
    expect(a.links.status()).toMatchObject({
      refused: 0,
      peers: [{ publicKey: b.source.publicKey, state: 'live', syncing: 0, unstored: 0, lagging: false }],
    });
    expect(a.links.status().peers[0]?.acknowledgedAt).toBeGreaterThan(0);
    expect(b.links.status().peers[0]?.received).toBeGreaterThan(0);
    connection?.cut();
    await network.run(100);
    expect(a.links.sessions()).toEqual([]);
    expect(a.links.status().peers).toMatchObject([{ publicKey: b.source.publicKey, state: 'gone' }]);

    a.source.troubles.refuse = () => 'no honest update';
    await b.source.write('tasks', 1);
    await b.dial('a');
    await network.run(3000);
    expect(a.links.status()).toMatchObject({ refused: 1, peers: [{ state: 'gone' }] });
    expect(b.events.at(-1)).toMatchObject({ type: 'closed', code: closeCodes.refused });
  });

  it('SYN-31: closing ends all sessions and every wait', async () => {
    const { network, nodes } = setUp('ab');
    const [a, b] = nodes as [Node, Node];
    await b.dial('a');
    await network.run(1000);
    const settled = a.links.settled({ peers: 5, timeoutMs: 100_000 });
    a.close();
    expect((await inTime(network, settled, 0)).enough).toBe(false);
    await network.run(1000);
    expect(b.events.at(-1)).toMatchObject({ type: 'closed', code: closeCodes.goingAway });
    expect(b.links.sessions()).toEqual([]);
  });
});

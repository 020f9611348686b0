import { describe, expect, it } from 'vitest';
import { world } from './world.ts';

/** More than it takes to look around once without being told. */
const aWhile = 20_000;

describe('replicas of one machine', () => {
  it('MCH-2: three that start at once without a node find each other', async () => {
    const { start, clock, links } = world();
    for (const name of ['b', 'c', 'a']) start(name);
    await clock.pass(200);
    expect(links()).toEqual(['a>b', 'a>c', 'b>c']);
  });

  it('MCH-3: a node that starts becomes the hub, and when it stops they link with each other again', async () => {
    const { start, stop, clock, links, whole } = world();
    for (const name of ['a', 'b', 'c', 'd']) start(name);
    await clock.pass(200);
    const node = start('m', { node: true });
    for (let step = 0; step < 40; step++) {
      await clock.pass(5);
      const apart = links().length > 0 && !whole();
      expect(apart && links().some((link) => link.endsWith('>m')), `after ${step} steps`).toBe(false);
    }
    expect(links()).toEqual(['a>m', 'b>m', 'c>m', 'd>m']);
    await stop(node);
    await clock.pass(200);
    expect(links()).toEqual(['a>b', 'a>c', 'a>d', 'b>c', 'b>d', 'c>d']);
  });

  it('MCH-1: a node that was killed leaves a file behind; it is cleared away and they link with each other', async () => {
    const { start, kill, clock, links, files } = world();
    for (const name of ['a', 'b', 'c']) start(name);
    const node = start('m', { node: true });
    await clock.pass(500);
    expect(links()).toEqual(['a>m', 'b>m', 'c>m']);
    kill(node);
    expect(files.size).toBe(4);
    await clock.pass(500);
    expect(links()).toEqual(['a>b', 'a>c', 'b>c']);
    expect(files.size).toBe(3);
  });

  it('MCH-3: a node that takes connections and never links keeps nobody apart', async () => {
    const { start, deaf, clock, links, whole } = world();
    const node = start('m', { node: true });
    deaf(node, true);
    for (const name of ['a', 'x']) start(name);
    await clock.pass(aWhile);
    expect(links()).toContain('a>x');
    deaf(node, false);
    await clock.pass(aWhile);
    expect(links()).toEqual(['a>m', 'x>m']);
    expect(whole()).toBe(true);
  });

  it('MCH-3: when only one side still reaches the node, the other side links with it', async () => {
    const w = world();
    const node = w.start('m', { node: true });
    w.start('a');
    await w.clock.pass(500);
    expect(w.links()).toEqual(['a>m']);
    w.deaf(node, true);
    w.start('x');
    await w.clock.pass(aWhile);
    // a gave up its links for the node’s, so x dials although a is the lower.
    expect(w.links()).toEqual(['a>m', 'x>a']);
  });

  it('MCH-2: a run file that somebody cleared away comes back', async () => {
    const { start, clock, files, links } = world();
    start('a');
    await clock.pass(500);
    files.clear();
    start('b');
    await clock.pass(aWhile);
    expect([...files.keys()].sort()).toEqual(['w-a', 'w-b']);
    expect(links()).toEqual(['a>b']);
  });

  it('MCH-5: upstreams are dialled always, several at once, in cycles too, and never oneself', async () => {
    const w = world();
    const up = ['u', 'v'].map((name, n) =>
      w.start(name, { node: true, elsewhere: true, at: `http://10.0.0.${n}:1` }),
    );
    const [u, v] = up.map(({ url }) => url);
    const node = w.start('m', {
      node: true,
      at: 'http://127.0.0.1:4270',
      upstreams: [u ?? '', v ?? '', 'http://localhost:4270'],
    });
    w.start('a', { upstreams: [u ?? '', node.url] });
    await w.clock.pass(300);
    expect(w.links()).toEqual(['a>m', 'a>u', 'm>u', 'm>v']);
    expect(node.machine.links().map(({ url, upstream, state }) => [url, upstream, state])).toEqual([
      [u, true, 'linked'],
      [v, true, 'linked'],
    ]);
    // One that vanishes is dialled until it is back.
    w.kill(up[0]!);
    await w.clock.pass(aWhile);
    expect(w.links()).toEqual(['a>m', 'm>v']);
    expect(node.machine.links()[0]?.state).not.toBe('linked');
    w.start('u', { node: true, elsewhere: true, at: u ?? '' });
    await w.clock.pass(1_000);
    expect(w.links().filter((link) => link.endsWith('>u'))).toEqual(['a>u', 'm>u']);
  });

  it('MCH-4: two processes with the same replica dial each other', async () => {
    const { start, clock, links } = world();
    start('a');
    await clock.pass(100);
    start('a');
    await clock.pass(500);
    expect(links()).toEqual(['a>a']);
  });

  it('MCH-4: a copy that takes a key of its own is found under that, by the other and by all', async () => {
    const { start, rename, clock, links, files } = world();
    start('b');
    const copy = start('c');
    start('a');
    await clock.pass(200);
    expect(links()).toEqual(['a>b', 'a>c', 'b>c']);
    start('c');
    await clock.pass(500);
    rename(copy, 'd');
    await clock.pass(aWhile);
    expect(links()).toEqual(['a>b', 'a>c', 'a>d', 'b>c', 'b>d', 'c>d']);
    expect([...files.keys()].sort()).toEqual(['w-a', 'w-b', 'w-c', 'w-d']);
  });

  it('MCH-2: when it ends it takes its file and its links away, and dials nobody any more', async () => {
    const { start, stop, clock, links, files } = world();
    const a = start('a');
    start('b');
    await clock.pass(500);
    expect(links()).toEqual(['a>b']);
    await stop(a);
    await stop(a);
    await clock.pass(aWhile);
    expect(links()).toEqual([]);
    expect([...files.keys()]).toEqual(['w-b']);
  });
});

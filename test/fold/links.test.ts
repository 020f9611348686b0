import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acyclicLinks, linkKinds } from '../../schemas/index.ts';
import { closesCycle, type LinkState, resolveLinks } from '../../src/fold/index.ts';
import { check, hashOf, shuffled, stampAt } from './random.ts';

const links = fc
  .array(
    fc.record({
      from: fc.nat(7),
      to: fc.nat(7),
      kind: fc.constantFrom(...linkKinds),
      at: fc.nat(20),
    }),
    { maxLength: 60 },
  )
  .map((list) =>
    list.map(
      ({ from, to, kind, at }, i): LinkState => ({
        from: hashOf(`t${from}`),
        to: hashOf(`t${to}`),
        kind,
        op: hashOf(`link ${i}`),
        stamp: stampAt(at, 0),
      }),
    ),
  );

const same = (a: LinkState, b: LinkState): boolean => a.from === b.from && a.kind === b.kind && a.to === b.to;

it('FOLD-27: the same links in any order hold or drop the same, and the same link twice counts once', () => {
  check(
    fc.property(links, fc.nat(), (list, seed) => {
      const graph = resolveLinks(list);
      expect(resolveLinks(shuffled([...list, ...list.slice(0, 9)], seed))).toEqual(graph);
      for (const link of list)
        expect(graph.held.filter((held) => same(held, link)).length).toBeLessThanOrEqual(1);
      const known = [...graph.held, ...graph.dropped];
      for (const link of list) expect(known.some((one) => same(one, link))).toBe(true);
    }),
  );
});

it('FOLD-28: no kind but related ever has a cycle, and only what would close one is dropped', () => {
  check(
    fc.property(links, (list) => {
      const { held, dropped } = resolveLinks(list);
      for (const kind of acyclicLinks) {
        const edges = held.filter((link) => link.kind === kind);
        const from = new Map<string, string[]>();
        for (const link of edges) from.set(link.from, [...(from.get(link.from) ?? []), link.to]);
        // Taking away what nothing points from, again and again, leaves nothing of a graph without cycles.
        const open = new Set(from.keys());
        for (let before = -1; before !== open.size; ) {
          before = open.size;
          for (const id of open) if (!from.get(id)!.some((to) => open.has(to))) open.delete(id);
        }
        expect(open.size).toBe(0);
        for (const link of dropped)
          if (link.kind === kind)
            expect(closesCycle((id) => from.get(id) ?? [], link.from, link.to)).toBe(true);
      }
      expect(dropped.some(({ kind }) => kind === 'related')).toBe(false);
    }),
  );
});

it('FOLD-29: a link with the highest stamp is decided by one search, as the whole graph decides it', () => {
  check(
    fc.property(links, fc.nat(7), fc.nat(7), fc.constantFrom(...acyclicLinks), (list, from, to, kind) => {
      const { held } = resolveLinks(list);
      const link: LinkState = {
        from: hashOf(`t${from}`),
        to: hashOf(`t${to}`),
        kind,
        op: hashOf('last'),
        stamp: stampAt(1000, 0),
      };
      fc.pre(!held.some((other) => same(other, link)));
      const next = (id: string) =>
        held.filter((one) => one.kind === kind && one.from === id).map((one) => one.to);
      const closes = closesCycle(next, link.from, link.to);
      const after = resolveLinks([...list, link]).held;
      expect(after.some((one) => same(one, link))).toBe(!closes);
    }),
  );
});

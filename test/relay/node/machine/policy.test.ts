import { describe, expect, it } from 'vitest';
import { type Neighbour, toDial } from '../../../../relay/node/machine/policy.ts';
import { shuffled } from '../../../fold/random.ts';

const name = (n: number): string => `${String(n).padStart(3, '0')}${'a'.repeat(23)}`;
const neighbour = (n: number, node = false): Neighbour => ({ replica: name(n), url: `http://${n}`, node });

/** Who dials whom when everyone sees everyone. */
function links(
  all: readonly Neighbour[],
  linked: (of: Neighbour) => readonly string[] = () => [],
): string[][] {
  return all.flatMap((self) =>
    toDial({
      replica: self.replica,
      node: self.node,
      neighbours: all.filter((one) => one !== self),
      linked: new Set(linked(self)),
      overdue: false,
    }).map((other) => [self.url, other.url]),
  );
}

function reached(from: string, edges: readonly string[][]): Set<string> {
  const found = new Set([from]);
  const queue = [from];
  for (let at = queue.pop(); at !== undefined; at = queue.pop())
    for (const edge of edges)
      for (const [a, b] of [edge, [...edge].reverse()])
        if (a === at && b !== undefined && !found.has(b)) {
          found.add(b);
          queue.push(b);
        }
  return found;
}

describe('whom to dial', () => {
  it('MCH-2: without a node all are linked, with four links each, one between two, the lower dialling', () => {
    for (let count = 1; count <= 40; count++) {
      const all = shuffled(
        Array.from({ length: count }, (_, n) => neighbour(n)),
        count,
      );
      const edges = links(all);
      const pairs = edges.map((edge) => [...edge].sort().join(' '));
      expect(new Set(pairs).size, `${count} replicas`).toBe(pairs.length);
      for (const [a = '', b = ''] of edges) expect(Number(a.slice(7))).toBeLessThan(Number(b.slice(7)));
      for (const { url } of all) {
        expect(edges.filter((edge) => edge.includes(url)).length).toBe(Math.min(4, count - 1));
        // Any one may be missing.
        const rest = edges.filter((edge) => !edge.includes(url));
        const other = all.find((one) => one.url !== url);
        if (other) expect(reached(other.url, rest).size).toBe(count - 1);
      }
    }
  });

  it('MCH-3: everyone dials the node, keeps its links until that one stands, then lets them go', () => {
    const all = [neighbour(5, true), ...[1, 2, 3, 9].map((n) => neighbour(n))];
    const edges = links(all);
    for (const n of [1, 2, 3, 9]) expect(edges).toContainEqual([`http://${n}`, 'http://5']);
    expect(edges).toContainEqual(['http://1', 'http://9']);
    const settled = links(all, () => ['http://5']);
    expect(settled.sort()).toEqual([1, 2, 3, 9].map((n) => [`http://${n}`, 'http://5']));
  });

  it('MCH-3: of several nodes everyone dials one, keeps it when another comes, and nodes link with each other', () => {
    const all = [neighbour(4, true), neighbour(2, true), neighbour(1), neighbour(3)];
    const edges = links(all, ({ replica }) => (replica === name(3) ? ['http://4'] : ['http://2']));
    expect(edges.sort()).toEqual([
      ['http://1', 'http://2'],
      ['http://2', 'http://4'],
      ['http://3', 'http://4'],
    ]);
  });

  it('MCH-3: while a node is overdue, both sides dial', () => {
    const [self, lower] = [neighbour(7), neighbour(3)];
    const situation = {
      replica: self.replica,
      node: false,
      neighbours: [lower, neighbour(5, true)],
      linked: new Set<string>(),
    };
    const urls = (overdue: boolean) => toDial({ ...situation, overdue }).map(({ url }) => url);
    expect(urls(false)).toEqual(['http://5']);
    expect(urls(true)).toEqual(['http://5', 'http://3']);
  });

  it('MCH-4: a replica with one’s own id is dialled, so that a copied directory is found out', () => {
    const twin = { ...neighbour(1), url: 'http://copy' };
    for (const node of [true, false]) {
      const situation = {
        replica: name(1),
        node,
        neighbours: [twin],
        linked: new Set<string>(),
        overdue: false,
      };
      expect(toDial(situation)).toEqual([twin]);
    }
  });
});

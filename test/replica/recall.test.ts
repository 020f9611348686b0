import { expect, it } from 'vitest';
import type { RecallQuery, SearchAnswer } from '../../schemas/index.ts';
import { tokensOf } from '../../src/replica/reading/waiting/proof.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { home, open } from './support/open.ts';

const day = 86_400_000;

/** Every result of a question, page after page. */
async function allOf(team: Surface, query: RecallQuery): Promise<SearchAnswer['results']> {
  const results: SearchAnswer['results'] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await team.recall({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    results.push(...answer.results);
    if (answer.next === undefined) return results;
    expect(Number(answer.next)).toBeGreaterThan(Number(cursor ?? 0));
    cursor = answer.next;
  }
}

it('SEA-1: names source, author, age and whether something else is as true', async () => {
  let now = Date.parse('2026-03-01T12:00:00Z');
  const kai = await open(home(), {}, { now: () => now });
  const first = await kai.memory.remember({
    key: 'vpn',
    text: 'Walrus deploys need the VPN',
    kind: 'lesson',
    tags: ['ops'],
    sources: ['https://example.org/vpn'],
    expires: '2026-03-03T00:00:00Z',
  });
  now += day;
  const { base } = first;
  await kai.as('rin').memory.update('vpn', { text: 'Walrus deploys need no VPN', base });
  now += 1000;
  const apart = await kai.memory.update('vpn', { text: 'Walrus deploys need two VPNs', base });
  now += day;
  const { results } = await kai.recall({ q: 'walrus' });
  expect(results).toHaveLength(1);
  expect(results[0]).toMatchObject({
    id: first.id,
    place: 'vpn',
    by: { handle: 'kai' },
    at: '2026-03-02T12:00:01.000Z',
    memory: { version: apart.version, age: day / 1000, siblings: 1, tags: [], sources: [] },
  });
  // What only the other version says finds it as well.
  expect((await kai.recall({ q: 'no' })).results.map(({ id }) => id)).toEqual([first.id]);
  const merged = await kai.as('rin').memory.update('vpn', {
    text: 'Walrus deploys need a VPN or two',
    tags: ['ops'],
    sources: ['https://example.org/two'],
    kind: 'fact',
    expires: '2026-03-03T00:00:00Z',
  });
  const [one] = (await kai.recall({ q: 'walrus' })).results;
  expect(one).toMatchObject({
    by: { handle: 'rin' },
    memory: {
      version: merged.version,
      author: { handle: 'kai' },
      kind: 'fact',
      tags: ['ops'],
      sources: ['https://example.org/two'],
      expires: '2026-03-03T00:00:00.000Z',
      expired: true,
    },
  });
  expect(one?.memory).not.toHaveProperty('siblings');
});

it('SEA-2: what was superseded is shown by its newest version, where the query allows that one', async () => {
  const kai = await open();
  const a = await kai.memory.remember({ key: 'a', text: 'walrus port is 8080', tags: ['old'] });
  const b = await kai.memory.remember({ text: 'the socket moved', supersedes: ['a'] });
  const c = await kai.memory.remember({ key: 'c', text: 'tickets go over unix now', supersedes: [b.id] });
  const other = await kai.memory.remember({ text: 'a walrus eats' });
  const { results, total } = await kai.recall({ q: 'walrus' });
  expect(results.map(({ id }) => id).sort()).toEqual([c.id, other.id].sort());
  expect(total).toBe(2);
  expect(results.find(({ id }) => id === c.id)).toMatchObject({
    snippet: 'tickets go over unix now',
    folded: [{ id: a.id, because: 'superseded' }],
    memory: { supersedes: [b.id] },
  });
  // Both found: one result, in the place of the better.
  expect((await kai.recall({ q: 'socket' })).results.map(({ id }) => id)).toEqual([c.id]);
  // The newest has another tag: what was asked for shows, and says by what it is superseded.
  expect((await kai.recall({ q: 'walrus', tag: 'old' })).results).toMatchObject([
    { id: a.id, memory: { supersededBy: [b.id] } },
  ]);
  // In order of time nothing stands for anything.
  const byTime = await kai.recall({ q: 'walrus', sort: 'time' });
  expect(byTime.results.map(({ id }) => id)).toEqual([other.id, a.id]);
  await kai.memory.forget('c');
  expect((await kai.recall({ q: 'walrus port' })).results.map(({ id }) => id)).toEqual([b.id]);
});

it('SEA-2: memories that supersede each other in a circle are each shown once', async () => {
  const kai = await open();
  const a = await kai.memory.remember({ key: 'a', text: 'walrus one' });
  const b = await kai.memory.remember({ key: 'b', text: 'walrus two', supersedes: ['a'] });
  await kai.memory.update('a', { text: 'walrus one again', supersedes: ['b'] });
  const results = await allOf(kai, { q: 'walrus' });
  const named = results.flatMap(({ id, folded = [] }) => [id, ...folded.map((one) => one.id)]);
  expect(new Set(named)).toEqual(new Set([a.id, b.id]));
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
});

it('SEA-3: what says nearly the same is one result, the newest of it; another number is another fact', async () => {
  const kai = await open();
  const said = 'the walrus staging relay needs the office VPN before every deploy';
  const old = await kai.memory.remember({ text: said });
  const fresh = await kai.memory.remember({ text: `${said}!` });
  const one = await kai.memory.remember({
    text: 'release 1.2.1 shipped: walrus suite green, notes written, docs pushed',
  });
  const two = await kai.memory.remember({
    text: 'release 1.2.2 shipped: walrus suite green, notes written, docs pushed',
  });
  const results = await allOf(kai, { q: 'walrus' });
  expect(results.map(({ id }) => id).sort()).toEqual([fresh.id, one.id, two.id].sort());
  expect(results.find(({ id }) => id === fresh.id)?.folded).toEqual([{ id: old.id, because: 'same' }]);
  // Search over everything does the same with memories, and with nothing else.
  await kai.messages.post('general', { text: said });
  await kai.messages.post('general', { text: said });
  const everything = await kai.search({ q: 'walrus staging' });
  expect(everything.results.map(({ kind }) => kind).sort()).toEqual(['memory', 'message', 'message']);
});

it('SEA-3: over its pages a recall gives each result once, also beyond those that are looked at together', async () => {
  const kai = await open();
  const words = 'amber basalt cedar delta ember fjord grove heath inlet jetty'.split(' ');
  const shown = new Set<string>();
  for (let i = 0; i < 130; i++) {
    const text = `walrus ${words[i % 10]} ${words[Math.floor(i / 10) % 10]} ${i}`;
    const { id } = await kai.memory.remember({ text });
    shown.add(id);
    if (i % 13 === 0) {
      const later = await kai.memory.remember({ text: `${text} anew`, supersedes: [id] });
      shown.delete(id);
      shown.add(later.id);
    }
  }
  for (const limit of [7, 50, 200]) {
    const results = await allOf(kai, { q: 'walrus', limit });
    const ids = results.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // What is beyond the first hundred may stand for itself, and says so.
    for (const { id, memory } of results) if (!shown.has(id)) expect(memory?.supersededBy).toHaveLength(1);
    for (const id of shown) expect(ids).toContain(id);
  }
});

it('SEA-4: a budget gives whole texts as long as tokens are left, and the rest by the cursor', async () => {
  const kai = await open();
  for (let i = 0; i < 12; i++)
    await kai.memory.remember({ title: `walrus ${i}`, text: `number${i} ${'of the sea '.repeat(10 + i)}` });
  const long = await kai.memory.remember({
    title: 'walrus',
    text: `walrus ${'«long» "text"\n'.repeat(800)}`,
  });
  for (const budget of [100, 700, 3000]) {
    const found: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const answer = await kai.recall({ q: 'walrus', budget, ...(cursor === undefined ? {} : { cursor }) });
      expect(answer.results.length).toBeGreaterThan(0);
      if (answer.results.length > 1) expect(tokensOf(answer)).toBeLessThanOrEqual(budget);
      for (const one of answer.results) {
        const whole = (await kai.memory.get(one.id)).text ?? '';
        if (one.cut) expect(whole.startsWith(one.snippet.slice(0, -1))).toBe(true);
        else expect(one.snippet).toBe(whole);
        if (budget > 100) expect(one.cut === true).toBe(one.id === long.id);
      }
      found.push(...answer.results.map(({ id }) => id));
      if (answer.next === undefined) break;
      cursor = answer.next;
    }
    expect(new Set(found).size).toBe(13);
    expect(found).toHaveLength(13);
  }
  const whole = await kai.recall({ q: 'walrus', budget: 100_000 });
  expect(whole.results.every(({ cut }) => cut === undefined)).toBe(true);
});

it('SEA-5: remembering says what is known that says nearly the same, and refuses nothing', async () => {
  const kai = await open(home(), {}, { patience: 20_000 });
  const said = 'Deploys to the staging relay need the VPN since May';
  const first = await kai.memory.remember({ key: 'vpn', text: said, title: 'VPN' });
  expect(first.similar).toEqual([]);
  const again = await kai.as('rin').memory.remember({ text: 'Since May staging relay deploys need the VPN' });
  expect(again.similar).toEqual([
    expect.objectContaining({ id: first.id, key: 'vpn', title: 'VPN', text: said, words: 1 }),
  ]);
  // Neither the memory itself, nor what it says to replace.
  expect((await kai.memory.update('vpn', { text: said })).similar).toMatchObject([{ id: again.id }]);
  const last = await kai.memory.remember({ text: said, supersedes: ['vpn', again.id] });
  expect(last.similar).toEqual([]);
  expect((await kai.memory.remember({ text: 'Lunch is at noon' })).similar).toEqual([]);
  // Who has no time to look says nothing of it.
  const hasty = await open(home(), {}, { patience: 0 });
  expect(await hasty.memory.remember({ text: said })).not.toHaveProperty('similar');
  await kai.memory.forget(last.id);
  await kai.memory.forget('vpn');
  await kai.memory.forget(again.id);
  expect((await kai.memory.remember({ text: said })).similar).toEqual([]);
});

import { expect, it } from 'vitest';
import type { SearchPart } from '../../schemas/index.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { open, refused } from './support/open.ts';

async function partsOf(team: Surface, q: string, signal?: AbortSignal): Promise<SearchPart[]> {
  const parts: SearchPart[] = [];
  for await (const part of team.searchStream({ q }, { signal })) parts.push(part);
  return parts;
}
const idsOf = (parts: readonly SearchPart[]) => parts.flatMap(({ results }) => results.map(({ id }) => id));

it('SEA-8: streams all kinds, newest first, what a search in order of time finds, for each what it may see', async () => {
  const kai = await open();
  const zoe = kai.as('zoe');
  await zoe.messages.post('general', { text: 'here' });
  for (let i = 0; i < 60; i++) await kai.messages.post('general', { text: `walrus ${i}` });
  const task = await kai.tasks.create({ title: 'Feed the walrus' });
  await kai.tasks.comment(task.id, { text: 'the walrus is fed' });
  await kai.memory.remember({ text: 'the walrus eats at noon' });
  await kai.messages.post('@zoe', { text: 'a walrus between us' });
  await kai.as('rin').messages.post('general', { text: 'new here' });
  for (const [team, count] of [
    [kai, 64],
    [zoe, 64],
    [kai.as('rin'), 63],
  ] as const) {
    const parts = await partsOf(team, 'walrus');
    const { results } = await team.search({ q: 'walrus', sort: 'time', limit: 200 });
    expect(idsOf(parts)).toEqual(results.map(({ id }) => id));
    expect(idsOf(parts)).toHaveLength(count);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.map(({ more }) => more)).toEqual(parts.map((_, at) => at < parts.length - 1));
  }
  // Operators, and what is looked up of each, hold as in a search.
  expect(idsOf(await partsOf(kai, '"walrus is fed" kind:task'))).toHaveLength(1);
  expect(idsOf(await partsOf(kai, 'walrus kind:task status:done'))).toEqual([]);
});

it('SEA-8: where nothing has all words it says so, and streams what has some', async () => {
  const kai = await open();
  const { id } = await kai.messages.post('general', { text: 'a walrus' });
  const [first, ...others] = await partsOf(kai, 'walrus xylophone');
  expect(others).toEqual([]);
  expect(first).toMatchObject({ match: 'any', missing: ['xylophone'], results: [{ id }], more: false });
  expect(await partsOf(kai, 'xylophone')).toMatchObject([
    { results: [], missing: ['xylophone'], more: false },
  ]);
});

it('SEA-8: what is removed while it is read is not shown, what is posted meanwhile is not in it', async () => {
  const kai = await open();
  const ids: string[] = [];
  for (let i = 0; i < 50; i++) ids.unshift((await kai.messages.post('general', { text: `walrus ${i}` })).id);
  const found: string[] = [];
  let gone = '';
  for await (const { results } of kai.searchStream({ q: 'walrus' })) {
    found.push(...results.map(({ id }) => id));
    if (gone !== '') continue;
    gone = ids.at(-1) ?? '';
    await kai.messages.redact(gone);
    await kai.messages.post('general', { text: 'a late walrus' });
  }
  expect(found).toEqual(ids.filter((id) => id !== gone));
});

it('SEA-8: ends when the signal aborts, and refuses what a search refuses', async () => {
  const kai = await open();
  for (let i = 0; i < 50; i++) await kai.messages.post('general', { text: `walrus ${i}` });
  const leave = new AbortController();
  const parts: SearchPart[] = [];
  for await (const part of kai.searchStream({ q: 'walrus' }, { signal: leave.signal })) {
    parts.push(part);
    leave.abort();
  }
  expect(parts).toMatchObject([{ more: true }]);
  const error = await refused(partsOf(kai, 'walrus "open'), 'invalid_query');
  expect(error.message).toMatch(/^column 8: /);
  await refused(partsOf(kai, 'the of'), 'invalid_query');
  await refused(partsOf(kai, 'from:nobody'), 'not_found');
});

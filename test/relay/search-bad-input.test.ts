import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOf } from '../../relay/node/tokens.ts';
import { type ErrorCode, errorKinds, type SearchAnswer } from '../../schemas/index.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import { refused } from '../replica/support/open.ts';
import { servedHome } from './cli/support.ts';
import { ask } from './http/support.ts';
import { onHttp } from './mcp/support.ts';

let place: Awaited<ReturnType<typeof servedHome>>;
let token: string;
let kai: Client;

beforeAll(async () => {
  place = await servedHome();
  token = tokenOf(place.node.directory, 'kai');
  kai = createClient({ url: place.node.url, token, member: 'kai' });
  await kai.messages.post('general', { text: 'the upload test is flaky' });
  await kai.memory.remember({ text: 'uploads go to the EU bucket', tags: ['storage'] });
});
afterAll(() => place.close());

const found = (query: string) => ask(`${place.node.url}/v1/search?${query}`, { token });
const words = (count: number): string => Array.from({ length: count }, (_, at) => `word${at}`).join(' ');

describe('SEA-7: a query that cannot be meant', () => {
  it.each<[string, string, ErrorCode, string]>([
    ['quotes that do not close', 'find "this', 'invalid_query', 'column 6: '],
    ['more than 64 parts', words(65), 'invalid_query', 'column 439: there are more than 64 parts'],
    [
      'more than 20 values',
      `label:${words(21).replaceAll(' ', ',')}`,
      'invalid_query',
      'more than 20 values',
    ],
    ['more than 10,000 characters', 'x'.repeat(10_001), 'invalid', '10000 characters'],
    ['words too common', 'the of and', 'invalid_query', 'too common'],
    ['signs alone', '!!! ??? -> ***', 'invalid_query', 'column 1: there is nothing to look for'],
    ['quotes around nothing', '"" " "', 'invalid_query', 'column 1: there is nothing to look for'],
    ['spaces', '   ', 'invalid_query', 'column 1: there is nothing to look for'],
    ['an operator without a value', 'upload from:', 'invalid_query', 'column 13: from: has no value'],
    ['an unknown status', 'status:finished', 'invalid_query', 'column 8: "finished"'],
    ['an unknown state', 'upload is:opne', 'invalid_query', 'column 11: "opne"'],
    ['no day', 'before:yesterday', 'invalid_query', 'column 8: '],
    ['an unknown member', 'upload from:nobody', 'not_found', 'column 13: There is no member nobody'],
    ['an unknown channel', 'in:nowhere', 'not_found', 'column 4: There is no channel nowhere'],
    ['an unknown thing', 'id:kai-99', 'not_found', 'column 4: '],
  ])('for %s, is told so at every door', async (_, q, code, message) => {
    const { status, exit } = errorKinds[code];
    for (const kind of ['', '&kind=memory']) {
      const answer = await found(`q=${encodeURIComponent(q)}${kind}`);
      expect(answer.status, answer.text).toBe(status);
      expect(answer.body).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
    }

    expect((await refused(kai.search({ q }), code)).message).toContain(message);
    expect((await refused(kai.recall({ q, mode: 'semantic' }), code)).message).toContain(message);

    const agent = await onHttp(place.node, 'kai');
    for (const more of [{}, { kind: 'memory' }]) {
      const said = await agent.call('search', { query: q, ...more });
      expect(said).toMatchObject({ failed: true, data: { error: { code } } });
      expect(said.text).toContain(message);
    }

    const verb = q.length % 2 === 0 ? 'search' : 'recall';
    const typed = await place.here.run([verb, '--as', 'kai', '--', q]);
    expect([typed.code, typed.stdout]).toEqual([exit, '']);
    expect(typed.stderr).toContain(message);
  });

  it.each([
    ['mode=fuzzy', 'mode: '],
    ['explain=perhaps', 'explain: '],
    ['sort=best', 'sort: '],
    ['limit=0', 'limit: '],
    ['cursor=nonsense', 'cursor'],
    ['tag=storage', 'tag needs kind=memory'],
    ['kind=memory&channel=general', 'channel: memories are in no channel'],
    ['kind=memory&mode=fuzzy', 'mode: '],
    ['kind=memory&cursor=-1', 'cursor'],
  ])('nor can %s', async (more, message) => {
    const answer = await found(`q=upload&${more}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining(message) },
    });
  });

  it('is told where it is too long for a URL', async () => {
    const answer = await found(`q=${encodeURIComponent('日'.repeat(10_000))}`);
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ error: { code: 'too_large' } });
    await refused(kai.search({ q: '日'.repeat(10_000) }), 'too_large');
  });
});

describe('what is asked beyond what is looked for', () => {
  const answered = async (q: string): Promise<SearchAnswer> => {
    const { status, text, body } = await found(`q=${encodeURIComponent(q)}`);
    expect(status, text).toBe(200);
    return body as SearchAnswer;
  };

  it.each<[string, string, Partial<SearchAnswer>]>([
    [
      'an operator that is a slip',
      'form:kai upload',
      { notes: [expect.stringContaining('did you mean from:?')] },
    ],
    ['an operator that there is not', 'colour:red', { total: 0, missing: ['colour', 'red'] }],
    [
      'one word of 10,000 letters',
      'x'.repeat(10_000),
      { total: 0, missing: [expect.stringMatching(/^x+$/)] },
    ],
    [
      'more words than are looked for',
      `upload ${words(40)}`,
      { match: 'any', notes: [expect.stringContaining('only the first 32 words')] },
    ],
  ])('%s: the answer says so', async (_, q, about) => {
    expect(await answered(q)).toMatchObject(about);
  });
});

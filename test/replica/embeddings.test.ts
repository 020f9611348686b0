import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openReplica } from '../../src/index.ts';
import { openai } from '../embedding/support/adapters.ts';
import { endpoint } from '../embedding/support/endpoint.ts';
import { home, open, refused } from './support/open.ts';

it('a setting for embeddings that cannot be meant is refused before a directory is made', async () => {
  const { directory, config } = home();
  for (const embeddings of ['openai', { kind: 'openai', url: 'nowhere', model: 'm' }, { kind: 'ollama' }]) {
    const options = { directory, config, as: 'kai', embeddings: embeddings as never };
    const error = await refused(openReplica(options), 'invalid');
    expect(error.message).toMatch(/^embeddings: /);
    expect(error.hint).toContain('docs/embeddings.md');
  }
  expect(existsSync(directory)).toBe(false);
});

it('an embedder that was given outlives the replica', async () => {
  const { url } = await endpoint(() => ({ body: openai.body([[1]]) }));
  const embeddings = openai.open({ url });
  const replica = await open(home(), { embeddings });
  await replica.close();
  await expect(embeddings.embed(['a'], 'query')).resolves.toHaveLength(1);
  await embeddings.close();
});

it.each([undefined, false, 'built-in'] as const)(
  'a replica opens and closes with embeddings %j',
  async (embeddings) => {
    const replica = await open(home(), { embeddings }, { memory: () => 0 });
    await replica.messages.post('general', { text: 'here' });
    await replica.close();
  },
);

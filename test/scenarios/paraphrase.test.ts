import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { SearchAnswer } from '../../schemas/index.ts';
import { home } from '../relay/cli/support.ts';
import { onHttp } from '../relay/mcp/support.ts';
import { nodeIn } from '../support/node.ts';

const model = fileURLToPath(new URL('../../dist/model/model.onnx', import.meta.url));

/** Threads of this process beside its own. */
function threads(): number {
  if (!process.report) throw new Error('no report');
  // It would look up the names of addresses.
  Object.assign(process.report, { excludeNetwork: true });
  return (process.report.getReport() as { workers?: unknown[] }).workers?.length ?? 0;
}

it('the built-in model finds what shares no word with the question, at every door, and ends with the replica', async (context) => {
  if (!existsSync(model)) return context.skip('dist/model was not built: run npm ci');
  vi.stubEnv('COTERIE_EMBEDDINGS_RUNTIME', 'wasm');
  onTestFinished(() => void vi.unstubAllEnvs());
  const before = threads();
  const here = home();
  const { node, as } = await nodeIn(here.path, {
    directory: here.data,
    config: join(here.path, 'config', 'coterie'),
    state: join(here.path, 'state', 'coterie'),
    embeddings: 'built-in',
  });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= node.close());
  onTestFinished(close);
  const kai = as('kai');
  for (const [key, text] of [
    ['bread', 'She bakes sourdough with olives every Saturday'],
    ['password', 'I forgot my login and had to set up a fresh one'],
    ['backups', 'Copies of the database are kept in another region'],
    ['penguins', 'Penguins cannot fly but swim very well'],
  ] as const)
    await kai.memory.remember({ key, text });

  const asked = { q: 'resetting credentials', explain: true };
  expect(await kai.recall({ ...asked, mode: 'text' })).toMatchObject({ total: 0, modes: ['text'] });
  const right = (answer: SearchAnswer, door: string): void => {
    expect(answer.fallback, door).toBeUndefined();
    expect(answer, door).toMatchObject({ modes: ['text', 'semantic'], match: 'meaning' });
    expect(answer.results[0], door).toMatchObject({ place: 'password', why: { text: 0, coverage: 0 } });
    expect(answer.results[0]?.why?.cosine, door).toBeGreaterThan(0.2);
  };
  // An answer waits for its vector no longer than a reader would; the model is read at the first question,
  // which on a busy machine takes longer than that.
  await vi.waitFor(async () => expect((await kai.recall(asked)).fallback).toBeUndefined(), {
    timeout: 90_000,
    interval: 100,
  });
  right(await node.replica.recall(asked), 'TypeScript');
  right(await kai.recall(asked), 'HTTP');
  const said = await (await onHttp(node, 'kai')).does('search', { query: asked.q, kind: 'memory' });
  expect(said.text).toMatch(/^memory password kai now: /);
  expect(said.text).toContain('by words and meaning');
  const typed = await here.run(['recall', asked.q, '--explain', '--as', 'kai', '--json']);
  right(JSON.parse(typed.stdout) as SearchAnswer, 'command line');

  expect((await kai.status()).search.embeddings).toMatchObject({
    model: 'all-MiniLM-L6-v2/coterie-1',
    left: 0,
  });
  expect(threads()).toBeGreaterThanOrEqual(before + 2);
  await close();
  expect(threads()).toBe(before);
});

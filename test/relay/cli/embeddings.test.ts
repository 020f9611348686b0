import { describe, expect, it } from 'vitest';
import { embeddingsOf } from '../../../relay/cli/embeddings.ts';
import { type GlobalFlags, settingsFrom } from '../../../relay/cli/settings.ts';
import { CoterieError } from '../../../schemas/index.ts';
import { ended, home, printed } from './support.ts';

const said = (flags: GlobalFlags, env: Record<string, string> = {}) =>
  embeddingsOf(settingsFrom(flags, env, false).embeddings);

const refused = async (flags: GlobalFlags, env: Record<string, string> = {}): Promise<CoterieError> => {
  const error: unknown = await said(flags, env).catch((raised: unknown) => raised);
  if (error instanceof CoterieError) return error;
  throw new Error(`not refused: ${JSON.stringify([flags, env])}`);
};

const url = 'http://127.0.0.1:8080';
const inEnv = {
  COTERIE_EMBEDDINGS: 'openai',
  COTERIE_EMBEDDINGS_URL: url,
  COTERIE_EMBEDDINGS_MODEL: 'small',
};

describe('what is said of embeddings', () => {
  it.each<[GlobalFlags, Record<string, string>, unknown]>([
    [{}, {}, undefined],
    [{}, { COTERIE_EMBEDDINGS: '', COTERIE_EMBEDDINGS_URL: '', COTERIE_EMBEDDINGS_MODEL: '' }, undefined],
    [{}, { COTERIE_EMBEDDINGS_KEY: 'k' }, undefined],
    [{ embeddings: 'built-in' }, {}, 'built-in'],
    [{ embeddings: 'off' }, {}, false],
    [{ embeddings: false }, inEnv, false],
    [{ embeddings: 'built-in' }, inEnv, 'built-in'],
    [{}, { COTERIE_EMBEDDINGS: 'off' }, false],
    [{}, inEnv, { kind: 'openai', url, model: 'small', key: undefined }],
    [{}, { ...inEnv, COTERIE_EMBEDDINGS_KEY: ' k\n' }, { kind: 'openai', url, model: 'small', key: 'k' }],
    [{ embeddingsModel: 'large' }, inEnv, { kind: 'openai', url, model: 'large', key: undefined }],
    [
      { embeddings: 'openai', embeddingsUrl: url, embeddingsModel: 'large' },
      {},
      { kind: 'openai', url, model: 'large', key: undefined },
    ],
    [
      { embeddings: 'openai', embeddingsModel: 'large' },
      { COTERIE_EMBEDDINGS_URL: url },
      { kind: 'openai', url, model: 'large', key: undefined },
    ],
    [{ embeddings: 'ollama', embeddingsModel: 'm' }, {}, { kind: 'ollama', url: undefined, model: 'm' }],
    // A URL that is said of one kind of endpoint is not asked as another.
    [{ embeddings: 'ollama', embeddingsModel: 'm' }, inEnv, { kind: 'ollama', url: undefined, model: 'm' }],
  ])('%j with %j', async (flags, env, setting) => {
    expect(await said(flags, env)).toEqual(setting);
  });

  it.each<[GlobalFlags, Record<string, string>, RegExp, RegExp]>([
    [{ embeddings: 'opnai' }, {}, /^--embeddings is built-in, off, openai, ollama, not opnai$/, /./],
    [{}, { COTERIE_EMBEDDINGS: 'yes' }, /^COTERIE_EMBEDDINGS is built-in, .*, not yes$/, /./],
    [
      { embeddings: 'openai' },
      {},
      /need --embeddings-url \(COTERIE_EMBEDDINGS_URL\) and --embeddings-model \(COTERIE_EMBEDDINGS_MODEL\)$/,
      /For example: --embeddings openai/,
    ],
    [{ embeddings: 'openai', embeddingsUrl: url }, {}, /need --embeddings-model \(/, /./],
    [{ embeddings: 'openai', embeddingsModel: 'm' }, {}, /need --embeddings-url \(/, /./],
    [{ embeddings: 'ollama' }, {}, /of ollama need --embeddings-model \(/, /--embeddings ollama/],
    [{ embeddings: 'ollama' }, inEnv, /of ollama need --embeddings-model \(/, /./],
    [{ embeddings: 'built-in', embeddingsUrl: url }, {}, /built-in take no URL and no model/, /Leave out/],
    [{ embeddings: false, embeddingsModel: 'm' }, {}, /that are off take no URL/, /Leave out/],
    [{ embeddingsUrl: url }, {}, /have a URL, but it is not said of what kind/, /Add --embeddings openai or/],
    [{ embeddingsModel: 'm' }, {}, /have a model, but/, /./],
    [{}, { COTERIE_EMBEDDINGS_URL: url, COTERIE_EMBEDDINGS_MODEL: 'm' }, /have a URL and a model, but/, /./],
    [
      { embeddings: 'openai', embeddingsUrl: 'nowhere', embeddingsModel: 'm' },
      {},
      /begins with http:\/\//,
      /./,
    ],
    [
      {},
      { ...inEnv, COTERIE_EMBEDDINGS_URL: 'http://kai:s3cret@localhost' },
      /holds a name or password/,
      /./,
    ],
    [{}, { ...inEnv, COTERIE_EMBEDDINGS_KEY: 's3cret s3cret' }, /The key for embeddings holds/, /./],
  ])('%j with %j is refused, with what is missing', async (flags, env, words, hint) => {
    const error = await refused(flags, env);
    expect([error.code, error.exit]).toEqual(['usage', 2]);
    expect(error.message).toMatch(words);
    expect(error.hint).toMatch(hint);
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });
});

describe('the verbs that open a directory', () => {
  it.each([
    ['up', ['up', '--port', '0', '--embeddings', 'openai'], {}],
    ['up', ['up', '--port', '0'], { COTERIE_EMBEDDINGS: 'ollama' }],
    ['status', ['status', '--embeddings', 'ollama'], {}],
    ['status', ['status'], { COTERIE_EMBEDDINGS: 'ollama' }],
    ['join', ['join', 'http://127.0.0.1:1/join#X'], { COTERIE_EMBEDDINGS: 'ollama' }],
  ])('%s refuses what cannot be meant before it makes one: %j %j', async (_, argv, env) => {
    const here = home();
    const { code, stderr } = await here.run(argv, { env });
    expect(stderr).toMatch(/embeddings of (?:openai|ollama) need/);
    expect(code).toBe(2);
    expect((await here.run(['token', 'kai'])).stderr).not.toContain('embeddings');
  });

  it('work with each choice, and never show the key', async () => {
    const here = home();
    const env = { ...inEnv, COTERIE_EMBEDDINGS_KEY: 's3cret' };
    for (const argv of [['status'], ['status', '--no-embeddings'], ['status', '--embeddings', 'built-in']]) {
      const { code, stdout, stderr } = await here.run(argv, { env });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('s3cret');
    }
  });

  it('tell a slip also where a node runs', async () => {
    const here = home();
    const up = here.start(['up', '--port', '0', '--embeddings', 'ollama', '--embeddings-model', 'm']);
    const over = ended(up);
    await printed(up, /url +http/);
    const { code, stderr } = await here.run(['status', '--embeddings', 'olama']);
    expect(stderr).toContain('--embeddings is built-in, off, openai, ollama, not olama');
    expect(code).toBe(2);
    expect((await here.run(['status'])).code).toBe(0);
    up.kill('SIGINT');
    expect((await over).code).toBe(0);
  });
});

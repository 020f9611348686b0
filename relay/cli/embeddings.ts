import type { EmbeddingsSetting } from '../../src/embedding/index.ts';
import { misuse } from './call.ts';

/** What was said of embeddings in one place, not looked at yet. */
export interface EmbeddingsWords {
  readonly which: string | undefined;
  readonly url: string | undefined;
  readonly model: string | undefined;
}

/** What was said of embeddings, by flags and by the environment. */
export interface EmbeddingsSaid {
  readonly flags: EmbeddingsWords;
  readonly env: EmbeddingsWords;
  /** Of the environment alone: a flag would be seen by whoever lists the processes. */
  readonly key: string | undefined;
}

const choices = ['built-in', 'off', 'openai', 'ollama'] as const;
type Choice = (typeof choices)[number];

const isChoice = (text: string): text is Choice => choices.some((one) => one === text);

/** Whether a flag says something of embeddings. */
export const flagsSayEmbeddings = ({ flags }: EmbeddingsSaid): boolean =>
  Object.values(flags).some((one) => one !== undefined);

/**
 * What was said, as `openReplica` takes it; undefined where nothing was. A flag wins, and what the environment says of
 * one kind of endpoint does not count for another. Rejects with `usage` for what cannot be meant, and says what is missing.
 */
export async function embeddingsOf({
  flags,
  env,
  key,
}: EmbeddingsSaid): Promise<EmbeddingsSetting | undefined> {
  const which = flags.which ?? env.which;
  const where = flags.which === undefined ? 'COTERIE_EMBEDDINGS' : '--embeddings';
  if (which !== undefined && !isChoice(which))
    throw await misuse(`${where} is ${choices.join(', ')}, not ${which}`, undefined, choices);
  const same = env.which === undefined || env.which === which;
  const url = flags.url ?? (same ? env.url : undefined);
  const model = flags.model ?? (same ? env.model : undefined);
  if (which === undefined) return withoutKind(url, model);
  if (which === 'off' || which === 'built-in') {
    if (flags.url !== undefined || flags.model !== undefined)
      throw await misuse(
        `embeddings that are ${which} take no URL and no model`,
        'Leave out --embeddings-url and --embeddings-model, or choose openai or ollama.',
      );
    return which === 'off' ? false : which;
  }
  return endpoint(which, { url, model, key });
}

/** What was said of search, as `openReplica` takes it. Rejects as `embeddingsOf` does. */
export async function searchOptions({
  embeddings,
  embedMessages,
}: {
  readonly embeddings: EmbeddingsSaid;
  readonly embedMessages: boolean;
}): Promise<{ embeddings: EmbeddingsSetting | undefined; embedMessages: boolean }> {
  return { embeddings: await embeddingsOf(embeddings), embedMessages };
}

async function withoutKind(url: string | undefined, model: string | undefined): Promise<undefined> {
  if (url === undefined && model === undefined) return undefined;
  const said = url === undefined ? 'a model' : model === undefined ? 'a URL' : 'a URL and a model';
  throw await misuse(
    `embeddings have ${said}, but it is not said of what kind they are`,
    'Add --embeddings openai or --embeddings ollama (COTERIE_EMBEDDINGS).',
  );
}

const exampleOf = (which: 'openai' | 'ollama'): string =>
  which === 'ollama'
    ? 'For example: --embeddings ollama --embeddings-model nomic-embed-text'
    : 'For example: --embeddings openai --embeddings-url https://api.openai.com/v1 --embeddings-model text-embedding-3-small';

/** Tried at once, so that a URL that is none is told before anything is opened. */
async function endpoint(
  which: 'openai' | 'ollama',
  { url, model, key }: { url: string | undefined; model: string | undefined; key: string | undefined },
): Promise<EmbeddingsSetting> {
  const missing = [
    ...(which === 'openai' && url === undefined ? ['--embeddings-url (COTERIE_EMBEDDINGS_URL)'] : []),
    ...(model === undefined ? ['--embeddings-model (COTERIE_EMBEDDINGS_MODEL)'] : []),
  ];
  if (model === undefined || missing.length > 0)
    throw await misuse(`embeddings of ${which} need ${missing.join(' and ')}`, exampleOf(which));
  const { chooseEmbedder, EmbeddingError } = await import('../../src/embedding/index.ts');
  const setting: EmbeddingsSetting =
    which === 'openai' ? { kind: which, url: url ?? '', model, key } : { kind: which, url, model };
  try {
    chooseEmbedder(setting);
    return setting;
  } catch (error) {
    if (!(error instanceof EmbeddingError)) throw error;
    throw await misuse(error.message, exampleOf(which));
  }
}

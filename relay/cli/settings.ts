import { resolve } from 'node:path';
import type { EmbeddingsSaid } from './embeddings.ts';

/** What holds for any verb, from flags and the environment; a flag wins. */
export interface Settings {
  readonly data: string | undefined;
  readonly as: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** File of an authority that is trusted as well. */
  readonly ca: string | undefined;
  readonly embeddings: EmbeddingsSaid;
  /** Whether messages are found by meaning too. */
  readonly embedMessages: boolean;
  readonly json: boolean;
  readonly color: boolean;
}

/** Values of the global flags, as the parser gives them. */
export interface GlobalFlags {
  readonly data?: string | undefined;
  readonly as?: string | undefined;
  readonly url?: string | undefined;
  readonly ca?: string | undefined;
  /** False for `--no-embeddings`. */
  readonly embeddings?: string | false | undefined;
  readonly embeddingsUrl?: string | undefined;
  readonly embeddingsModel?: string | undefined;
  readonly embedMessages?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly color?: boolean | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable is one that is not set. */
const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/** Flags over environment. */
export function settingsFrom(flags: GlobalFlags, env: Environment, terminal: boolean): Settings {
  return {
    data: set(flags.data) ?? set(env['COTERIE_DATA']),
    as: set(flags.as) ?? set(env['COTERIE_AS']),
    url: set(flags.url) ?? set(env['COTERIE_URL']),
    token: set(env['COTERIE_TOKEN']),
    ca: set(flags.ca) ?? set(env['COTERIE_CA']),
    embeddings: {
      flags: {
        which: flags.embeddings === false ? 'off' : set(flags.embeddings),
        url: set(flags.embeddingsUrl),
        model: set(flags.embeddingsModel),
      },
      env: {
        which: set(env['COTERIE_EMBEDDINGS']),
        url: set(env['COTERIE_EMBEDDINGS_URL']),
        model: set(env['COTERIE_EMBEDDINGS_MODEL']),
      },
      key: set(env['COTERIE_EMBEDDINGS_KEY']?.trim()),
    },
    embedMessages:
      flags.embedMessages === true || ['1', 'true'].includes(env['COTERIE_EMBED_MESSAGES'] ?? ''),
    json: flags.json === true,
    // https://no-color.org: any value but the empty one.
    color: terminal && flags.color !== false && set(env['NO_COLOR']) === undefined && env['TERM'] !== 'dumb',
  };
}

/** The data directory that a verb works on. */
export async function dataDirectory(settings: Settings): Promise<string> {
  if (settings.data !== undefined) return resolve(settings.data);
  const { default: envPaths } = await import('env-paths');
  return envPaths('coterie', { suffix: '' }).data;
}

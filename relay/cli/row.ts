import type { Verb } from './call.ts';

/** One flag of a verb: how it is written, what it does, and how its value is read (by default as text). */
export type Flag = readonly [written: string, does: string, read?: 'number' | 'many'];

/**
 * One verb of the command line, as the parser, `--help` and docs/cli.md know it. What it does is loaded when it runs:
 * a table that loads nothing keeps a cold start short.
 */
export interface Row {
  /** One word, or two for the verbs of a noun: `task create`. */
  readonly name: string;
  /** Its arguments: `<channel> [text...]`. */
  readonly takes?: string;
  readonly summary: string;
  readonly flags?: readonly Flag[];
  readonly example: string;
  /** Flags of every verb that mean nothing to it, by name; and those that mean something else. */
  readonly ignores?: readonly string[];
  readonly instead?: readonly Flag[];
  /** True when it ends by itself on Ctrl-C, orderly and with its own exit code. */
  readonly endsItself?: boolean;
  readonly load: () => Promise<Verb>;
}

/** Every verb, and what the nouns with verbs of their own are. */
export interface Table {
  readonly rows: readonly Row[];
  readonly nouns: Readonly<Record<string, string>>;
}

/** Flags of every write. */
export const onWrites: readonly Flag[] = [
  ['--idempotency-key <key>', 'a repeat with the same key writes nothing and answers the same'],
  ['--key <key>', 'short for --idempotency-key'],
];

/** Flags of every list. */
export const onLists: readonly Flag[] = [
  ['--limit <n>', 'items at most (1 to 1000)', 'number'],
  ['--cursor <next>', 'go on where the answer before ended'],
];

/** Flags of what searches. */
export const onSearches: readonly Flag[] = [
  ['--sort <order>', 'relevance or time'],
  ['--mode <mode>', 'text, semantic or hybrid: by words, by meaning, or by both'],
  ['--explain', 'say of each result what made its score'],
];

/** Flags that choose events. */
export const onEvents: readonly Flag[] = [
  ['--types <list>', 'operation types, comma-separated; message.* stands for all of them'],
  ['--channel <list>', 'channel names or ids, comma-separated'],
  ['--by <list>', 'handles or ids of whom it is by, comma-separated'],
];

/** Flags that count where a verb opens the data directory itself. */
export const onOpening: readonly string[] = [
  '--embeddings',
  '--no-embeddings',
  '--embeddings-url',
  '--embeddings-model',
  '--embed-messages',
];

/** Flags that every verb knows, before or after it. */
export const globalFlags: readonly Flag[] = [
  ['--data <dir>', 'data directory (COTERIE_DATA; by default one of your user)'],
  [
    '--as <handle>',
    'member that speaks (COTERIE_AS; by default the one named at the first up, else your user name)',
  ],
  ['--url <url>', 'node to talk to (COTERIE_URL, with its token in COTERIE_TOKEN)'],
  [
    '--ca <file>',
    'authority whose certificates are trusted as well, as PEM (COTERIE_CA; NODE_EXTRA_CA_CERTS does it too)',
  ],
  [
    '--embeddings <embedder>',
    'what makes vectors for search by meaning: built-in, off, openai, ollama (COTERIE_EMBEDDINGS; its key in COTERIE_EMBEDDINGS_KEY)',
  ],
  ['--no-embeddings', 'the same as --embeddings off'],
  ['--embeddings-url <url>', 'endpoint that makes them (COTERIE_EMBEDDINGS_URL)'],
  ['--embeddings-model <name>', 'model that makes them (COTERIE_EMBEDDINGS_MODEL)'],
  [
    '--embed-messages',
    'find messages by meaning too, not only memories and tasks (COTERIE_EMBED_MESSAGES=1)',
  ],
  ['--json', 'print the shapes of the HTTP interface, errors too, on stdout'],
  ['--no-color', 'no colours (NO_COLOR)'],
];

// Measures one thing, or all of them one after the other.
//   npm run bench -- NAME [--size N] [--pairs 5] [--cache DIR] [--slack PATH] [--peers DIR] [--json FILE] [--fresh]
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Asked, publish, type Result, say } from './support/report.ts';

const benches: Record<string, () => Promise<(asked: Asked) => Promise<Result[]>>> = {
  commits: async () => (await import('./commits.ts')).commits,
  open: async () => (await import('./open.ts')).open,
  append: async () => (await import('./append.ts')).append,
  search: async () => (await import('./first-search.ts')).firstSearch,
  'search-index': async () => (await import('./search/full-text.ts')).fullText,
  'search-node': async () => (await import('./search/node.ts')).searchNode,
  'search-known': async () => (await import('./search/known.ts')).searchKnown,
  'search-semantic': async () => (await import('./search/semantic.ts')).searchSemantic,
  'search-vectors': async () => (await import('./search/vectors.ts')).searchVectors,
  'catch-up': async () => (await import('./catch-up.ts')).catchUp,
  loop: async () => (await import('./loop.ts')).loop,
  http: async () => (await import('./http.ts')).http,
  sse: async () => (await import('./http.ts')).sse,
  import: async () => (await import('./import.ts')).imports,
  disk: async () => (await import('./disk.ts')).disk,
  join: async () => (await import('./join.ts')).join,
  inventory: async () => (await import('./inventory.ts')).inventory,
  live: async () => (await import('./live.ts')).live,
  kept: async () => (await import('./kept.ts')).kept,
  grant: async () => (await import('./grant.ts')).grant,
  tasks: async () => (await import('./tasks.ts')).tasks,
  idle: async () => (await import('./idle.ts')).idle,
  seal: async () => (await import('./seal.ts')).seal,
  'sealed-join': async () => (await import('./sealed-join.ts')).sealedJoin,
  'sealed-idle': async () => (await import('./sealed-idle.ts')).sealedIdle,
  'relay-idle': async () => (await import('./relay-idle.ts')).relayIdle,
  mcp: async () => (await import('./mcp.ts')).mcp,
  cold: async () => (await import('./cold.ts')).cold,
  relay: async () => (await import('./relay.ts')).relay,
};

const { values, positionals } = parseArgs({
  options: {
    size: { type: 'string' },
    pairs: { type: 'string', default: '5' },
    cache: { type: 'string', default: tmpdir() },
    slack: { type: 'string' },
    peers: { type: 'string' },
    json: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const whole = (name: string, text: string): number => {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1 on`);
  return value;
};

const [name = ''] = positionals;
const names = name === 'all' ? Object.keys(benches) : [name];
if (positionals.length !== 1 || names.some((one) => !Object.hasOwn(benches, one))) {
  console.error(`bench: name one of ${Object.keys(benches).join(', ')}, all`);
  process.exit(2);
}

const asked: Asked = {
  size: values.size === undefined ? undefined : whole('size', values.size),
  pairs: whole('pairs', values.pairs),
  cache: resolve(values.cache),
  slack: values.slack === undefined ? undefined : resolve(values.slack),
  peers: values.peers === undefined ? undefined : resolve(values.peers),
  fresh: values.fresh,
};

for (const one of names) {
  say(`${one} …`);
  const bench = await benches[one]?.();
  if (bench) publish(one, asked, await bench(asked), values.json);
}

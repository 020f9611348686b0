// The layers and doors that the compiler's project references cannot hold. Tested by scripts/verify.mjs.

/** What `from` may not import: everything in `to`, except what the options let through. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** An engine has one door: only `doors` import the package, so that replacing it touches one file. */
const oneDoor = (pkg, doors) =>
  forbid(
    `one-door-${pkg}`,
    `Only ${doors} imports ${pkg}.`,
    { path: '^(schemas|src|relay)/', pathNot: doors },
    { path: `(^|/)node_modules/${pkg}/` },
  );

const outside = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid(
      'schemas-import-schemas-only',
      'schemas/ imports nothing of ours but itself.',
      { path: '^schemas/' },
      { path: '^(src|relay|scripts)/' },
    ),
    forbid(
      'schemas-import-zod-only',
      'schemas/ imports zod and no other package.',
      { path: '^schemas/' },
      { dependencyTypes: outside, pathNot: '(^|/)node_modules/zod/' },
    ),
    forbid(
      'schemas-without-node',
      'schemas/ runs in browsers.',
      { path: '^schemas/' },
      { dependencyTypes: ['core'] },
    ),
    forbid('src-not-relay', 'src/ does not import relay/.', { path: '^src/' }, { path: '^(relay|scripts)/' }),
    forbid(
      'nothing-imports-tests',
      'Nothing that is published imports test/, bench/ or examples/.',
      { path: '^(schemas|src|relay|scripts)/' },
      { path: '^(test|bench|examples)/' },
    ),
    forbid(
      'examples-import-by-package-name',
      'Examples use the package as its users do.',
      { path: '^examples/' },
      { path: '^(schemas|src|relay|test|bench)/', dependencyTypes: ['local'] },
    ),
    forbid(
      'no-cycles',
      'Modules form no cycles; imports of types alone do not count.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),

    forbid(
      'folds-are-pure',
      'fold/ and op/ know no storage, replica or sync: they are functions of operations.',
      { path: '^src/(fold|op)/' },
      { path: '^src/(storage|replica|sync)/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'folds-without-node',
      'fold/ and op/ run in browsers.',
      { path: '^src/(fold|op)/' },
      { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'folds-without-yjs',
      'fold/ and op/ see operations, never the documents that carry them.',
      { path: '^src/(fold|op)/' },
      { path: '(^|/)node_modules/(yjs|lib0|y-protocols)/' },
    ),

    forbid(
      'indexeddb-without-node',
      'storage/indexeddb/ runs in browsers, and is built into what does.',
      { path: '^src/storage/indexeddb/' },
      { dependencyTypes: ['core'] },
    ),

    forbid(
      'seal-is-a-leaf',
      'seal/ knows operations, the wire and the store, and no replica.',
      { path: '^src/seal/' },
      { path: '^src/(replica|fold|client|search)/', dependencyTypesNot: ['type-only'] },
    ),

    oneDoor('y-leveldb', '^src/storage/documents/y-leveldb[.]ts$'),
    oneDoor('classic-level', '^src/storage/store/classic-level[.]ts$'),
    oneDoor('wink-porter2-stemmer', '^src/search/stem[.]ts$'),
    oneDoor('stopword', '^src/search/stop-words[.]ts$'),
    forbid(
      'one-door-model',
      'Only scripts/lib/model/ imports what runs the built-in model; src/embedding/runtime.ts loads what is made of it.',
      { path: '.', pathNot: '^scripts/lib/model/|node_modules/' },
      { path: '(^|/)node_modules/(onnxruntime-web|@huggingface/tokenizers)/' },
    ),
    forbid(
      'one-door-model-runtime',
      'Only the thread of the built-in embedder loads the model.',
      { path: '^(schemas|src|relay)/', pathNot: '^src/embedding/worker[.]ts$' },
      { path: '^src/embedding/runtime[.]ts$', dependencyTypesNot: ['type-only'] },
    ),
    oneDoor('idb', '^(src/storage/indexeddb/database|relay/dashboard/replica/page-key)[.]ts$'),
    oneDoor('yauzl', '^src/import/zip[.]ts$'),
    oneDoor('ws', '^(relay/mux|src/yjs)/socket[.]ts$'),
    oneDoor('y-websocket', '^src/yjs/connect[.]ts$'),
    oneDoor('hono', '^relay/http/'),
    oneDoor('@hono/[^/]+', '^relay/http/'),
    oneDoor('better-sse', '^relay/http/'),
    oneDoor('commander', '^relay/cli/'),
    oneDoor('cli-progress', '^relay/cli/'),
    oneDoor('jsonc-parser', '^relay/cli/setup/json[.]ts$'),
    oneDoor('@modelcontextprotocol/[^/]+', '^relay/mcp/sdk[.]ts$'),
    oneDoor('bonjour-service', '^relay/lan/bonjour[.]ts$'),
    oneDoor('@noble/ciphers', '^src/seal/cipher[.]ts$'),
    oneDoor('@scure/base', '^src/machines/ticket/code[.]ts$'),
    oneDoor('uqr', '^relay/(cli/show/qr[.]ts|dashboard/settings/qr[.]tsx)$'),
    oneDoor('jose', '^relay/proof/verify[.]ts$'),
    oneDoor('pino', '^relay/node/'),
    oneDoor('env-paths', '^relay/'),
    oneDoor('close-with-grace', '^relay/'),
    {
      name: 'one-file-each',
      comment: 'A door named by its folder is still one file.',
      severity: 'error',
      from: { path: '^(schemas|src|relay)/' },
      module: {
        path: '(^|/)node_modules/(better-sse|cli-progress|pino|env-paths|close-with-grace)/',
        numberOfDependentsMoreThan: 1,
      },
    },

    forbid(
      'dashboard-is-alone',
      'The page runs in browsers: it imports schemas/ and src/, and nothing of relay/ but itself.',
      { path: '^relay/dashboard/' },
      { path: '^relay/', pathNot: '^relay/dashboard/' },
    ),
    forbid(
      'nobody-imports-the-dashboard',
      'The page is built, and its files are served.',
      { path: '^relay/', pathNot: '^relay/dashboard/' },
      { path: '^relay/dashboard/' },
    ),
    forbid(
      'declared-packages-only',
      'Published code imports only what package.json lists as a dependency.',
      // What the page uses is built into it.
      { path: '^(schemas|src|relay)/', pathNot: '^(relay/dashboard|src/storage/indexeddb)/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    forbid('resolvable', 'Every import leads somewhere.', {}, { couldNotResolve: true, pathNot: '^#' }),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: ['^dist/', '^out/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.d.ts'],
    },
  },
};

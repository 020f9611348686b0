// Everything about the project that is not a test of its behaviour: each step is named and counted, all run
// even when one fails, and the last line is `N passed, N failed`. `npm run verify -- lint types` runs a few.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { at, display, filesUnder, layers } from './lib/files.mjs';
import { run, tool } from './lib/run.mjs';

const MAX_LINES = 320;
const PACKED = at('out', 'pack');

const fail = (output) => ({ ok: false, output });
const pass = (note) => ({ ok: true, note });

async function check(script, args) {
  const { code, output } = await tool(script, args, {
    capture: true,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return code === 0 ? pass() : fail(output);
}

/** Layer rules look at what is there; an empty folder is no error. */
const withSources = (folders) => folders.filter((folder) => filesUnder(at(folder), isCode).length > 0);
const isCode = (path) => /\.(ts|mjs|cjs)$/.test(path);

async function pack() {
  rmSync(PACKED, { recursive: true, force: true });
  mkdirSync(PACKED, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', PACKED];
  const npm = process.env.npm_execpath;
  const { code, output } = npm?.endsWith('npm-cli.js')
    ? await run(process.execPath, [npm, ...args], { capture: true })
    : await run('npm', args, { capture: true, shell: process.platform === 'win32' });
  const [tarball] = filesUnder(PACKED, (path) => path.endsWith('.tgz'));
  return code === 0 && tarball ? { tarball } : { output: output || 'npm pack made no package' };
}

async function checkPacked(checker) {
  const { tarball, output } = await pack();
  return tarball ? checker(tarball) : fail(output);
}

function lockfile() {
  const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
  const wrong = [];
  for (const [path, { resolved, integrity, link }] of Object.entries(packages)) {
    if (path === '' || link) continue;
    if (resolved !== undefined) wrong.push(`${path}: has a resolved address`);
    if (integrity === undefined) wrong.push(`${path}: has no integrity hash`);
  }
  if (wrong.length === 0) return pass(`${Object.keys(packages).length - 1} packages`);
  return fail(`${wrong.join('\n')}\n.npmrc keeps addresses out: make the lockfile anew with npm install`);
}

function fileSizes() {
  const sources = layers.flatMap((layer) => filesUnder(at(layer), (path) => path.endsWith('.ts')));
  const long = [];
  for (const path of sources) {
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    if (lines > MAX_LINES) long.push(`${display(path)}: ${lines} lines, at most ${MAX_LINES}`);
  }
  return long.length === 0 ? pass(`${sources.length} files`) : fail(long.join('\n'));
}

const steps = {
  setup: async () => {
    const { code } = await run(process.execPath, [at('scripts', 'setup.mjs')]);
    return code === 0 ? pass() : fail('node scripts/setup.mjs failed; its message is above');
  },
  lint: () => check('@biomejs/biome/bin/biome', ['ci', '--colors=off', '--max-diagnostics=50']),
  types: () => check('typescript/bin/tsc', ['-b', 'tsconfig.all.json', '--pretty', 'false']),
  layers: () =>
    check('dependency-cruiser/bin/dependency-cruise.mjs', [
      '--config',
      '.dependency-cruiser.cjs',
      ...withSources([...layers, 'test', 'bench', 'examples', 'scripts']),
    ]),
  'dead-code': () => check('knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
  api: async () => {
    const { code, output } = await run(process.execPath, [at('scripts', 'api.mjs')], { capture: true });
    return code === 0 ? pass() : fail(output);
  },
  publint: () => checkPacked((tarball) => check('publint/src/cli.js', ['run', tarball, '--strict'])),
  'package-types': () =>
    checkPacked((tarball) =>
      check('@arethetypeswrong/cli/dist/index.js', [
        tarball,
        '--profile',
        'esm-only',
        '--no-color',
        '--no-emoji',
      ]),
    ),
  lockfile,
  'file-sizes': fileSizes,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`verify: no step named ${unknown.join(', ')}; there are: ${Object.keys(steps).join(' ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name) && name !== 'setup') continue;
  const started = Date.now();
  let result;
  try {
    result = await step();
  } catch (error) {
    result = fail(error.stack ?? String(error));
  }
  const time = `${((Date.now() - started) / 1000).toFixed(1)} s`;
  if (result.ok) passed += 1;
  else failed += 1;
  console.log(
    `${result.ok ? 'ok    ' : 'FAILED'} ${name} (${[result.note, time].filter(Boolean).join(', ')})`,
  );
  if (!result.ok) console.log(result.output.trimEnd().replace(/^/gm, '       '));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

// Makes a clone ready to run: installs when node_modules is missing or not what package-lock.json says,
// builds when a source is newer than the build. Does nothing, quickly, when all is well.
// Node built-ins only, for it runs before anything is installed. `--build` builds in any case.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { bundle } from './lib/bundle.mjs';
import { hasDashboard, makeDashboard } from './lib/dashboard.mjs';
import { at, filesUnder, fingerprint, layers, readJson, sha256 } from './lib/files.mjs';
import { withLock } from './lib/lock.mjs';
import { hasModel, makeModel } from './lib/model.mjs';
import { run, tool } from './lib/run.mjs';

const forceBuild = process.argv.includes('--build');
const say = (text) => process.stderr.write(`setup: ${text}\n`);
const seconds = (from) => `${((Date.now() - from) / 1000).toFixed(1)} s`;

class SetupError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

const lock = at('.setup.lock');
const modules = at('node_modules');
const installStamp = join(modules, '.coterie-setup');
const buildStamp = at('dist', '.build', 'setup');
const entry = at('dist', 'relay', 'cli', 'coterie.cjs');
const binLink = join(modules, '.bin', 'coterie');
const TSC = 'typescript/bin/tsc';

function checkNode() {
  const wanted = /(\d+)\.(\d+)/.exec(readJson(at('package.json'))?.engines?.node ?? '');
  if (!wanted) return;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > Number(wanted[1]) || (major === Number(wanted[1]) && minor >= Number(wanted[2]))) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: Coterie needs ${wanted[1]}.${wanted[2]} or newer.`,
    'install a newer Node and run the same command again.',
  );
}

// --- installing -----------------------------------------------------------------------------------------

const npmRecord = join(modules, '.package-lock.json');

/** What the stamp must say: this lockfile, on this platform, and no npm command since. */
const wantedInstall = () =>
  sha256(
    [process.platform, process.arch, fingerprint([npmRecord]), readText(at('package-lock.json'))].join('\n'),
  );

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether npm's own record of node_modules holds every package of the lockfile, in its version. */
function matchesLockfile() {
  const have = readJson(npmRecord)?.packages;
  const want = readJson(at('package-lock.json'))?.packages;
  if (!have || !want) return false;
  return Object.entries(want).every(([path, { version, optional }]) => {
    if (path === '') return true;
    if (!have[path]) return optional === true;
    return have[path].version === version && existsSync(at(path, 'package.json'));
  });
}

function isInstalled() {
  if (!existsSync(modules)) return false;
  const wanted = wantedInstall();
  if (readText(installStamp) === wanted) return true;
  if (!matchesLockfile()) return false;
  writeFileSync(installStamp, wanted);
  return true;
}

/** npm keeps its cache in the home directory; where there is none to write to, a temporary one will do. */
function npmEnvironment() {
  const env = { ...process.env };
  let home = env.HOME === '' ? '' : homedir();
  try {
    accessSync(home, constants.W_OK);
  } catch {
    home = '';
  }
  if (home === '' && !env.npm_config_cache)
    env.npm_config_cache = mkdtempSync(join(tmpdir(), 'coterie-npm-'));
  return env;
}

async function install(alsoHeldBy) {
  say('installing packages (npm ci) …');
  const started = Date.now();
  rmSync(installStamp, { force: true });
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const env = npmEnvironment();
  const options = { env, toStderr: true, onStart: alsoHeldBy };
  const npmScript = process.env.npm_execpath;
  let result;
  try {
    if (npmScript && basename(npmScript) === 'npm-cli.js' && existsSync(npmScript)) {
      result = await run(process.execPath, [npmScript, ...args], options);
    } else {
      result = await run('npm', args, { ...options, shell: process.platform === 'win32' });
    }
  } catch (error) {
    throw new SetupError(
      `npm could not be started (${error.code ?? error.message}).`,
      'npm comes with Node; is it on the PATH?',
    );
  } finally {
    if (env.npm_config_cache !== process.env.npm_config_cache) {
      rmSync(env.npm_config_cache, { recursive: true, force: true });
    }
  }
  if (result.code !== 0) {
    throw new SetupError(
      `npm ci ended with code ${result.code}.`,
      'its message is above: most often the package registry cannot be reached, or the disk is full. ' +
        'Running the same command again starts over.',
    );
  }
  writeFileSync(installStamp, wantedInstall());
  say(`packages installed in ${seconds(started)}`);
}

// --- building -------------------------------------------------------------------------------------------

const isSource = (path) => path.endsWith('.ts') || basename(path) === 'tsconfig.json';

function wantedBuild() {
  const sources = layers.flatMap((layer) => filesUnder(at(layer), isSource));
  const settings = [
    at('tsconfig.json'),
    at('tsconfig.base.json'),
    at('node_modules', 'typescript', 'package.json'),
  ];
  return fingerprint([...sources, ...settings]);
}

const isBuilt = (wanted) =>
  !forceBuild && readText(buildStamp) === wanted && existsSync(entry) && hasModel() && hasDashboard();

/** Output whose source was renamed or removed would still be importable, and would be packed. */
function removeOrphans() {
  for (const layer of layers) {
    const isOutput = (path) => /\.(js|d\.ts)(\.map)?$/.test(path);
    for (const path of filesUnder(at('dist', layer), isOutput)) {
      const source = path.slice(at('dist').length + 1).replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
      if (!existsSync(at(source))) rmSync(path);
    }
  }
}

async function build(wanted) {
  say('building …');
  const started = Date.now();
  // A stamp that outlives a failed build would call its leftovers good.
  rmSync(buildStamp, { force: true });
  removeOrphans();
  const { code } = await tool(TSC, ['-b'], { toStderr: true });
  if (code !== 0) {
    throw new SetupError(`the build failed (tsc -b, code ${code}).`, 'the compiler names the places above.');
  }
  mkdirSync(dirname(buildStamp), { recursive: true });
  await bundle();
  await makeModel();
  await makeDashboard();
  writeFileSync(buildStamp, wanted);
  say(`built in ${seconds(started)}`);
}

/** So that `npx coterie …` in a clone, and `coterie` in its npm scripts, start this build. */
function linkCommand() {
  if (!existsSync(entry)) return;
  chmodSync(entry, 0o755);
  if (process.platform === 'win32') {
    writeFileSync(`${binLink}.cmd`, `@node "%~dp0\\..\\..\\dist\\relay\\cli\\coterie.cjs" %*\r\n`);
    return;
  }
  const target = join('..', '..', 'dist', 'relay', 'cli', 'coterie.cjs');
  if (lstatSync(binLink, { throwIfNoEntry: false })) {
    if (lstatSync(binLink).isSymbolicLink() && readlinkSync(binLink) === target) return;
    rmSync(binLink);
  }
  mkdirSync(dirname(binLink), { recursive: true });
  symlinkSync(target, binLink);
}

// --------------------------------------------------------------------------------------------------------

async function setup() {
  checkNode();
  // While another process sets up, what is there may be half of it.
  if (!existsSync(lock) && isInstalled() && isBuilt(wantedBuild())) return;
  const waiting = (pid) => say(`waiting for another set-up (process ${pid}) …`);
  await withLock(lock, waiting, async (alsoHeldBy) => {
    if (!isInstalled()) await install(alsoHeldBy);
    const wanted = wantedBuild();
    if (!isBuilt(wanted)) await build(wanted);
    linkCommand();
  });
}

try {
  await setup();
} catch (error) {
  say(`error: ${error.message}`);
  if (error.hint) say(`hint: ${error.hint}`);
  else if (!(error instanceof SetupError)) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}

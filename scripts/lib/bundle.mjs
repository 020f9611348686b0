// What `coterie` starts: the command line and the everyday verbs in one CommonJS file, made from the build. Loading
// forty ES modules takes longer than a post does. Whatever else a verb needs is loaded from the build when it is asked
// for: a node, a replica, the schemas, a less common verb.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { at, filesUnder, fingerprint } from './files.mjs';

const folder = at('dist', 'relay', 'cli');
const made = join(folder, 'coterie.cjs');
const stamp = at('dist', '.build', 'bundle');

/** Verbs that are in the file itself; they import no schemas. */
const everyday = /^\.\/verbs\/(?:channels|groups|members|memory|messages|presence|reading|tasks)\.js$/;

/** Packages whose code is in the file, with the names of their licences, which go along. */
const within = { commander: 'LICENSE', 'env-paths': 'license', 'is-safe-filename': 'license' };

const fromFolder = (path) => `./${relative(folder, path).split(sep).join('/')}`.replace(/^\.\/\.\.\//, '../');

/** Everything that is imported by `import()` stays where it is, but for everyday verbs. */
const lazily = {
  name: 'lazily',
  resolveDynamicImport(specifier, importer) {
    if (Object.hasOwn(within, specifier)) return null;
    if (!specifier.startsWith('.')) return { id: specifier, external: true };
    const id = fromFolder(resolve(dirname(importer), specifier));
    return everyday.test(id) ? null : { id, external: true };
  },
};

/** It starts programs for subcommands that are files of their own; loading what does that takes milliseconds. */
const noChildren = {
  name: 'no-children',
  transform(code, id) {
    if (!id.endsWith(join('commander', 'lib', 'command.js'))) return undefined;
    const line = "const childProcess = require('node:child_process');\n";
    if (!code.includes(line)) throw new Error('commander no longer loads node:child_process as it did');
    return code.replace(line, '');
  },
};

const inputs = () =>
  fingerprint([
    ...filesUnder(folder, (path) => path.endsWith('.js')),
    ...filesUnder(at('dist', 'src', 'client'), (path) => path.endsWith('.js')),
    ...Object.keys(within).map((name) => at('node_modules', name, 'package.json')),
    at('scripts', 'lib', 'bundle.mjs'),
  ]);

function isThere(wanted) {
  try {
    return readFileSync(stamp, 'utf8') === wanted && readFileSync(made, 'utf8') !== '';
  } catch {
    return false;
  }
}

/** Makes the file where it is not there, or older than the build. */
export async function bundle() {
  const wanted = inputs();
  if (isThere(wanted)) return;
  const { rolldown } = await import('rolldown');
  const graph = await rolldown({
    input: join(folder, 'main.js'),
    platform: 'node',
    plugins: [lazily, noChildren],
    external: /^node:/,
  });
  const { output } = await graph.generate({
    format: 'cjs',
    codeSplitting: false,
    minify: { mangle: false, compress: false },
    banner: licences,
  });
  await graph.close();
  const [{ code, imports, modules }] = output;
  const packages = Object.keys(modules).flatMap((id) => /node_modules[\\/]([^\\/]+)/.exec(id)?.[1] ?? []);
  const others = [
    ...imports.filter((id) => !id.startsWith('node:')),
    ...packages.filter((one) => !Object.hasOwn(within, one)),
  ];
  if (others.length > 0) throw new Error(`an everyday verb loads ${[...new Set(others)].join(', ')} at once`);
  // Another process may be starting it, or making it too.
  const fresh = `${made}.${process.pid}`;
  writeFileSync(fresh, code, { mode: 0o755 });
  renameSync(fresh, made);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** For vitest, before its tests. */
export { bundle as setup };

function licences() {
  const texts = Object.entries(within).map(([name, file]) => {
    const text = readFileSync(at('node_modules', name, file), 'utf8').trim();
    return `/*! ${name}: ${text} */`;
  });
  return texts.join('\n');
}

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

/** A package whose code is in the file, and the only one: its licence goes along. */
const within = 'commander';

const fromFolder = (path) => `./${relative(folder, path).split(sep).join('/')}`.replace(/^\.\/\.\.\//, '../');

/** Everything that is imported by `import()` stays where it is, but for everyday verbs. */
const lazily = {
  name: 'lazily',
  resolveDynamicImport(specifier, importer) {
    if (typeof specifier !== 'string' || !specifier.startsWith('.')) return { id: specifier, external: true };
    const id = fromFolder(resolve(dirname(importer), specifier));
    return everyday.test(id) ? null : { id, external: true };
  },
};

/** It starts programs for subcommands that are files of their own; loading what does that takes milliseconds. */
const noChildren = {
  name: 'no-children',
  transform(code, id) {
    if (!id.endsWith(join(within, 'lib', 'command.js'))) return undefined;
    const line = "const childProcess = require('node:child_process');\n";
    if (!code.includes(line)) throw new Error(`${within} no longer loads node:child_process as it did`);
    return code.replace(line, '');
  },
};

const inputs = () =>
  fingerprint([
    ...filesUnder(folder, (path) => path.endsWith('.js')),
    ...filesUnder(at('dist', 'src', 'client'), (path) => path.endsWith('.js')),
    at('node_modules', within, 'package.json'),
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
    banner: (chunk) => (chunk.isEntry ? `/*! ${within}: ${licence()} */` : ''),
  });
  await graph.close();
  const [{ code, imports, modules }] = output;
  const packages = Object.keys(modules).flatMap((id) => /node_modules[\\/]([^\\/]+)/.exec(id)?.[1] ?? []);
  const others = [
    ...imports.filter((id) => !id.startsWith('node:')),
    ...packages.filter((one) => one !== within),
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

const licence = () => readFileSync(at('node_modules', within, 'LICENSE'), 'utf8').trim();

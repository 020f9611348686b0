// Makes dist/dashboard: the page that a node serves, built by Vite from relay/dashboard and what it uses of src/ and
// schemas/, each file also compressed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, relative, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { at, filesUnder, fingerprint } from './files.mjs';

const made = at('dist', 'dashboard');
const stamp = at('dist', '.build', 'page');
const folder = at('relay', 'dashboard');
const isSource = (path) => path.endsWith('.ts');

const inputs = () =>
  fingerprint([
    ...filesUnder(folder),
    ...filesUnder(at('schemas'), isSource),
    ...filesUnder(at('src'), isSource),
    at('node_modules', 'vite', 'package.json'),
    at('node_modules', 'preact', 'package.json'),
    at('scripts', 'lib', 'dashboard.mjs'),
  ]);

/** Whether the page is there and as new as what it is made of. */
export function hasDashboard() {
  try {
    return readFileSync(stamp, 'utf8') === inputs() && existsSync(at('dist', 'dashboard', 'index.html'));
  } catch {
    return false;
  }
}

const text = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.txt']);

/** Compressed once here, and not for each who asks. */
function compress() {
  for (const path of filesUnder(made, (one) => text.has(extname(one)))) {
    const bytes = readFileSync(path);
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  }
}

/** Makes the page where it is not there, or older than its sources. */
export async function makeDashboard() {
  if (hasDashboard()) return;
  const wanted = inputs();
  const { build } = await import('vite');
  const { config, serviceWorker } = await import('../../relay/dashboard/build.mjs');
  await build(config);
  const paths = filesUnder(made, (one) => !/(files\.json|index\.html)$/.test(one));
  const names = paths.map((path) => relative(made, path).split(sep).join('/')).sort();
  await build(serviceWorker(names, fingerprint(paths).slice(0, 16)));
  compress();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** For vitest, before its tests. */
export { makeDashboard as setup };

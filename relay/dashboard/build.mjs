import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replaceWithStandIns } from './replica/stand-ins/table.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const { version } = JSON.parse(readFileSync(at('../../package.json'), 'utf8'));

/** Builds the page into `dist/dashboard`, from where the node serves it. */
/** @type {import('vite').InlineConfig} */
export const config = {
  root: at('.'),
  base: '/',
  configFile: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    alias: {
      react: 'preact/compat',
      'react-dom': 'preact/compat',
      'react/jsx-runtime': 'preact/jsx-runtime',
    },
  },
  define: { __COTERIE_VERSION__: JSON.stringify(version) },
  // The page's own replica is made of the same sources as any.
  worker: { format: 'es', plugins: () => [replaceWithStandIns()] },
  build: {
    outDir: at('../../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'files.json',
    // The policy of the page lets no script or style in that is written into it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What Node loads late is in the worker's one file anyway.
    rolldownOptions: { checks: { ineffectiveDynamicImport: false } },
  },
};

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replaceWithStandIns } from './replica/stand-ins/table.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const { version } = JSON.parse(readFileSync(at('../../package.json'), 'utf8'));

// What Node loads late is in the worker's one file anyway; marks for servers that render say nothing here.
const checks = { ineffectiveDynamicImport: false, moduleLevelDirective: false, pluginTimings: false };

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
  worker: { format: 'es', plugins: () => [replaceWithStandIns()], rolldownOptions: { checks } },
  build: {
    outDir: at('../../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'files.json',
    // The policy of the page lets no script or style in that is written into it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The replica is one file, and so are some languages that are highlighted.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { checks },
  },
};

/**
 * Builds the service worker beside the page, which knows the files of it. `build` names this version of them.
 *
 * @param {readonly string[]} files
 * @param {string} build
 * @returns {import('vite').InlineConfig}
 */
export const serviceWorker = (files, build) => ({
  root: at('.'),
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  define: { __COTERIE_FILES__: JSON.stringify(files), __COTERIE_BUILD__: JSON.stringify(build) },
  build: {
    outDir: at('../../dist/dashboard'),
    emptyOutDir: false,
    target: 'es2022',
    rolldownOptions: {
      input: at('./offline/sw.ts'),
      output: { entryFileNames: 'sw.js', format: 'iife' },
    },
  },
});

import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

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
  build: {
    outDir: at('../../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'files.json',
    // The policy of the page lets no script or style in that is written into it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
};

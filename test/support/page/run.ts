import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build, type Plugin, type Rolldown } from 'vite';
import { afterAll, describe, it } from 'vitest';
import { launchBrowser } from '../browser.ts';
import type { Cases } from './vitest.ts';

/** A page of its own site, with a script of the tests in it. */
export interface Site {
  readonly browser: Browser;
  /** Another page on it, in this browser window or in one of its own that shares nothing. */
  open(context?: BrowserContext): Promise<Page>;
  close(): Promise<void>;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const standIns = here('../../../relay/dashboard/replica/stand-ins/table.mjs');

/** The script as a page loads it: for `vitest` it gets what collects cases. */
async function bundle(entry: string): Promise<string> {
  const { replaceWithStandIns } = (await import(standIns)) as { replaceWithStandIns: () => Plugin };
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [replaceWithStandIns()],
    resolve: { alias: { vitest: here('./vitest.ts') } },
    define: { 'process.env': JSON.stringify({ COTERIE_SEED: process.env['COTERIE_SEED'] }) },
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry, formats: ['iife'], name: 'tests' },
    },
  });
  const [{ output }] = built as [Rolldown.RolldownOutput];
  return output[0].code;
}

/** Serves a page with this script, which a browser opens. Resolves to why none runs here where none does. */
export async function siteOf(entry: string): Promise<Site | string> {
  const browser = await launchBrowser();
  if (typeof browser === 'string') return browser;
  const script = await bundle(entry);
  const server = createServer((request, response) => {
    const isScript = request.url === '/script.js';
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script src="/script.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    browser,
    async open(context) {
      const page = await (context ?? (await browser.newContext())).newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs the cases of a script in a page, each as a case of this run. */
export async function casesIn(site: Site | string): Promise<void> {
  if (typeof site === 'string') {
    it('runs in a browser', ({ skip }) => skip(site));
    return;
  }
  const page = await site.open();
  afterAll(() => page.close());
  const names: Cases['names'] = await page.evaluate('cases.names');
  const suites = new Map<string, [string, number][]>();
  names.forEach((path, at) => {
    const suite = path.slice(0, -1).join(' > ');
    suites.set(suite, [...(suites.get(suite) ?? []), [path.at(-1) ?? '', at]]);
  });
  for (const [suite, cases] of suites)
    describe(suite, () => {
      it.each(cases)('%s', async (_name, at) => {
        const failed: Awaited<ReturnType<Cases['run']>> = await page.evaluate(`cases.run(${at})`);
        if (failed) throw Object.assign(new Error(failed.message), { stack: failed.stack });
      });
    });
}

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';
import { ask, startFake, type TestNode } from '../http/support.ts';

let node: TestNode;
let elsewhere: Server;
let browser: Browser | string;

beforeAll(async () => {
  node = await startFake();
  elsewhere = createServer((_incoming, outgoing) => {
    outgoing.setHeader('content-type', 'text/html');
    outgoing.end('<!doctype html><title>elsewhere</title><body>');
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  browser = await launchBrowser(['--host-resolver-rules=MAP evil.test 127.0.0.1']);
  if (typeof browser === 'string') console.warn(`skipped: ${browser}`);
}, 30_000);
afterAll(async () => {
  if (typeof browser !== 'string') await browser.close();
  elsewhere.close();
  await node.close();
});

const script = readFileSync(new URL('../../support/attack-page.mjs', import.meta.url), 'utf8');

/** What a page gets of a node by every way that a browser has. */
async function attack(page: Page, base: string): Promise<unknown> {
  await page.evaluate(script);
  return page.evaluate(`attack(${JSON.stringify(base)}, ${JSON.stringify(node.token)})`);
}

describe('a page in a browser', () => {
  const pages: [string, () => { page: string; node: string }][] = [
    [
      'of a name that now leads to this machine (DNS rebinding)',
      () => ({ page: `http://evil.test:${node.port}/`, node: `http://evil.test:${node.port}` }),
    ],
    [
      'of another site',
      () => ({ page: `http://evil.test:${portOf()}/`, node: `http://127.0.0.1:${node.port}` }),
    ],
    [
      'of another port of this machine',
      () => ({ page: `http://127.0.0.1:${portOf()}/`, node: `http://127.0.0.1:${node.port}` }),
    ],
  ];
  const portOf = (): number => (elsewhere.address() as AddressInfo).port;
  const messages = async (): Promise<string> =>
    (await ask(`${node.url}/v1/channels/general/messages`, { token: node.token })).text;

  for (const [what, places] of pages)
    it(`RLY-27: ${what} gets nothing and changes nothing`, { timeout: 60_000 }, async ({ skip }) => {
      if (typeof browser === 'string') return skip(browser);
      const at = places();
      const before = await messages();
      const page = await browser.newPage();
      // As it was served before the name led here.
      await page.route(at.page, (route) => route.fulfill({ contentType: 'text/html', body: '<body>evil' }), {
        times: 1,
      });
      await page.goto(at.page);
      expect(await attack(page, at.node)).toEqual([]);
      expect(await messages()).toBe(before);
      await page.close();
    });

  it('RLY-27: of the node’s own origin gets in by the same ways', { timeout: 60_000 }, async ({ skip }) => {
    if (typeof browser === 'string') return skip(browser);
    const page = await browser.newPage();
    await page.route(`${node.url}/own`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<body>own' }),
    );
    await page.goto(`${node.url}/own`);
    expect(await attack(page, node.url)).toEqual(
      expect.arrayContaining(['read', 'open', 'page', 'write', 'socket /v1/stream']),
    );
    await page.close();
  });

  it('RLY-27: of the node itself is shown', { timeout: 60_000 }, async ({ skip }) => {
    if (typeof browser === 'string') return skip(browser);
    const page = await browser.newPage();
    await page.goto(`${node.url}/status`);
    expect(await page.textContent('h1')).toContain('Team <one>');
    expect((await page.goto(`${node.url}/healthz`))?.status()).toBe(200);
    await page.close();
  });
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import type { Login } from '../../../schemas/index.ts';
import { launchBrowser } from '../../support/browser.ts';
import { ask } from '../http/support.ts';
import { nodeAt } from '../proof/at.ts';

const ends: (() => void | Promise<void>)[] = [];
let node: Node;
let elsewhere: Server;
let browser: Browser | string;

beforeAll(async () => {
  ({ node } = await nodeAt((end) => ends.unshift(end)));
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
  for (const end of ends) await end();
});

/** As `coterie open` prints it. */
async function link(): Promise<string> {
  const token = tokenOf(node.directory, 'kai');
  const made = await ask(`${node.url}/v1/sessions`, { method: 'POST', token });
  return (made.body as Login).url;
}

const messages = async (): Promise<string> =>
  (await ask(`${node.url}/v1/channels/general/messages`, { token: tokenOf(node.directory, 'kai') })).text;

async function logIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(await link());
  await page.waitForSelector('#who');
  return page;
}

/** What the page itself is answered. */
const asks = (page: Page, path: string): Promise<{ status: number; body: unknown }> =>
  page.evaluate(
    `fetch('${path}').then(async (answer) => ({ status: answer.status, body: await answer.json() }))`,
  );

const ride = readFileSync(new URL('../../support/cookie-page.mjs', import.meta.url), 'utf8');

describe('a person in a browser', () => {
  it('RLY-30, RLY-31: comes in by the printed URL once, sees who it is, and leaves', {
    timeout: 30_000,
  }, async ({ skip }) => {
    if (typeof browser === 'string') return skip(browser);
    const context = await browser.newContext();
    const asked: string[] = [];
    const page = await context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    const printed = await link();
    const secret = printed.split('#t=')[1] ?? '';
    await page.goto(printed);
    await page.waitForSelector('#who');
    expect(await page.textContent('#said')).toContain('You are kai, owner.');
    // Neither in the address nor in any that was asked for, nor behind the button that goes back.
    expect(page.url().split('#')[0]).toBe(`${node.url}/`);
    for (const url of asked) expect(url.replace(/#.*/, '')).not.toContain(secret);
    await page.goBack().catch(() => null);
    expect(page.url()).not.toContain(secret);
    await page.goto(node.url);
    expect(await page.evaluate('document.cookie')).toBe('');
    const [cookie, ...none] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', domain: '127.0.0.1' });
    expect(none).toEqual([]);
    expect(await asks(page, '/v1/session')).toMatchObject({ status: 200, body: { handle: 'kai' } });

    const second = await (await browser.newContext()).newPage();
    await second.goto(printed);
    await second.waitForFunction("document.getElementById('said')?.textContent.includes('was used')");
    expect(second.url()).toBe(`${node.url}/`);
    expect(await asks(second, '/v1/session')).toMatchObject({ status: 401 });
    await second.context().close();

    await page.click('#leave');
    await page.waitForFunction("document.getElementById('who') === null");
    expect(await asks(page, '/v1/session')).toMatchObject({ status: 401 });
    expect(await context.cookies()).toEqual([]);
    await context.close();
  });

  it('RLY-30: a link that is followed where the page is open already lets it in too', {
    timeout: 30_000,
  }, async ({ skip }) => {
    if (typeof browser === 'string') return skip(browser);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(node.url);
    await page.waitForFunction(
      "document.getElementById('said')?.textContent.includes('Nobody is logged in')",
    );
    await page.goto(await link());
    await page.waitForSelector('#who');
    await context.close();
  });

  it('RLY-32: its page streams and opens sockets by the cookie alone', { timeout: 30_000 }, async ({
    skip,
  }) => {
    if (typeof browser === 'string') return skip(browser);
    const context = await browser.newContext();
    const page = await logIn(context);
    const opened = await page.evaluate(`Promise.all([
      new Promise((resolve) => {
        const stream = new EventSource('/v1/events');
        stream.onopen = () => { stream.close(); resolve('events'); };
        stream.onerror = () => resolve('no events');
      }),
      new Promise((resolve) => {
        const socket = new WebSocket('${node.url.replace('http', 'ws')}/v1/stream', ['coterie']);
        socket.onopen = () => { socket.close(); resolve('stream'); };
        socket.onerror = () => resolve('no stream');
      }),
      new Promise((resolve) => {
        const socket = new WebSocket('${node.url.replace('http', 'ws')}/sync/${node.replica.workspace.id}/pad/plan', ['coterie']);
        socket.onmessage = () => { socket.close(); resolve('sync'); };
        socket.onclose = () => resolve('no sync');
      }),
      fetch('/v1/channels/general/messages', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"from the page"}',
      }).then(({ status }) => status),
    ])`);
    expect(opened).toEqual(['events', 'stream', 'sync', 201]);
    expect(await messages()).toContain('from the page');
    await context.close();
  });

  const others: [string, () => string][] = [
    ['another site', () => `http://evil.test:${(elsewhere.address() as AddressInfo).port}/`],
    // Browsers take ports of one host for one site: the cookie does come along, and Strict does not help.
    ['another port of this machine', () => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`],
  ];
  for (const [what, url] of others)
    it(`RLY-32: a page of ${what} rides on the cookie nowhere`, { timeout: 30_000 }, async ({ skip }) => {
      if (typeof browser === 'string') return skip(browser);
      const context = await browser.newContext();
      const own = await logIn(context);
      const before = await messages();
      const page = await context.newPage();
      await page.goto(url());
      await page.evaluate(ride);
      expect(await page.evaluate(`ride('${node.url}', '${node.replica.workspace.id}')`)).toEqual([]);
      expect(await messages()).toBe(before);
      expect(await asks(own, '/v1/session')).toMatchObject({ status: 200, body: { handle: 'kai' } });
      await context.close();
    });
});

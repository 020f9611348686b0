import { rmSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import type { Login } from '../../../schemas/index.ts';
import type { Client } from '../../../src/client/index.ts';
import { launchBrowser } from '../../support/browser.ts';
import { type NodeOfOwn, nodeIn } from '../../support/node.ts';
import { scratch } from '../../support/scratch.ts';

/** A node with a workspace of its own, and a browser. */
export interface Stage {
  readonly node: Node;
  /** The client of a member over HTTP. */
  as(handle: string): Client;
  /** A browser of its own, logged in as this member: kai unless said. */
  open(place?: string, options?: { readonly as?: string; readonly phone?: boolean }): Promise<Page>;
  /** Another tab of the same browser. */
  tab(page: Page, place?: string): Promise<Page>;
  /** Ends the node; the browser stays. */
  stop(): Promise<void>;
  /** Starts it again at the same port; `emptied`: with nothing in its directory. */
  start(options?: { readonly emptied?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** As `coterie open` prints it. */
async function login(node: Node, handle: string): Promise<string> {
  const answer = await fetch(`${node.url}/v1/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokenOf(node.directory, handle)}` },
  });
  return ((await answer.json()) as Login).url;
}

async function stageOn(browser: Browser): Promise<Stage> {
  const root = scratch();
  let running: NodeOfOwn = await nodeIn(root);
  const { port } = running.node;
  const as = (handle: string): Client => running.as(handle);
  await as('kai').messages.post('general', { text: 'Welcome' });
  const contexts: BrowserContext[] = [];
  return {
    get node() {
      return running.node;
    },
    as,
    async open(place = '', { as: handle = 'kai', phone = false } = {}) {
      // Only who has spoken has a token.
      if (handle !== 'kai') await as(handle).presence.set({ state: 'idle' });
      const context = await browser.newContext(
        phone ? { viewport: { width: 390, height: 844 } } : { viewport: { width: 1280, height: 800 } },
      );
      contexts.push(context);
      const page = await context.newPage();
      const { node } = running;
      await page.goto(await login(node, handle));
      await page.waitForSelector('#who');
      // The page of the machine's own person becomes a replica, and is shown anew then.
      if (handle === 'kai') await page.waitForSelector('main[data-through=own]');
      if (place !== '') await page.goto(`${node.url}/${place}`);
      return page;
    },
    async tab(page, place = '') {
      const other = await page.context().newPage();
      await other.goto(`${running.node.url}/${place}`);
      return other;
    },
    stop: () => running.node.close(),
    async start({ emptied = false } = {}) {
      if (emptied) rmSync(running.node.directory, { recursive: true });
      running = await nodeIn(root, { port });
    },
    async close() {
      for (const context of contexts) await context.close();
      await running.node.close();
    },
  };
}

/** For the tests of one file: one browser, and a stage for each test that asks for one. */
export function stages(): (context: Pick<TestContext, 'skip' | 'onTestFinished'>) => Promise<Stage> {
  let browser: Browser | string;
  beforeAll(async () => {
    browser = await launchBrowser();
    if (typeof browser === 'string') console.warn(`skipped: ${browser}`);
  });
  afterAll(async () => {
    if (typeof browser !== 'string') await browser.close();
  });
  return async ({ skip, onTestFinished }) => {
    if (typeof browser === 'string') return skip(browser);
    const stage = await stageOn(browser);
    onTestFinished(() => stage.close());
    return stage;
  };
}

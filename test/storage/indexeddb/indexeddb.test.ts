import { fileURLToPath } from 'node:url';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { casesIn, siteOf } from '../../support/page/run.ts';

const site = await siteOf(fileURLToPath(new URL('./page/cases.ts', import.meta.url)));
afterAll(async () => {
  if (typeof site !== 'string') await site.close();
});
await casesIn(site);

/** A page of a browser of its own, with what rules over it. */
async function opened(
  skip: TestContext['skip'],
): Promise<{ page: Page; context: BrowserContext; browser: CDPSession; origin: string }> {
  if (typeof site === 'string') return skip(site);
  const context = await site.browser.newContext();
  onTestFinished(() => context.close());
  const page = await site.open(context);
  const browser = await context.newCDPSession(page);
  return { page, context, browser, origin: new URL(page.url()).origin };
}

describe('a page that stores in IndexedDB', () => {
  it('notices that its storage was cleared, and says so', async ({ skip }) => {
    const { page, browser, origin } = await opened(skip);
    expect(await page.evaluate('tools.open()')).toEqual({ isNew: true, lastCommit: 0 });
    expect(await page.evaluate('tools.commit(1)')).toBe(1);
    await browser.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await page.waitForFunction('tools.failed()');
    expect(await page.evaluate('tools.commit(2)')).toMatchObject({ code: 'storage_failed' });
    const gone = { code: 'storage_corrupt', message: expect.stringMatching(/cleared/) };
    expect(await page.evaluate('tools.reopen()')).toMatchObject(gone);
    expect(await page.evaluate('tools.write(10)')).toMatchObject(gone);
    expect(await page.evaluate('tools.last()')).toBe(1);
    await page.reload();
    expect(await page.evaluate('tools.open()')).toEqual({ isNew: true, lastCommit: 0 });
  });

  it('is refused with disk_full when the browser gives no more room, and goes on when it does', async ({
    skip,
  }) => {
    const { page, browser, origin } = await opened(skip);
    // Before anything is asked: for a while the browser goes by what it reckoned last.
    await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    await page.evaluate('tools.open()');
    await page.evaluate('tools.commit(1)');
    const full = { code: 'disk_full', message: expect.stringMatching(/no more room/) };
    expect(await page.evaluate('tools.commit(2, 400_000)')).toMatchObject(full);
    expect(await page.evaluate('tools.write(2_000_000)')).toMatchObject(full);
    expect(await page.evaluate('tools.commit(3)')).toMatchObject({ code: 'storage_failed' });
    expect(await page.evaluate('tools.last()')).toBe(1);
    await browser.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await page.evaluate('tools.reopen()')).toBe(1);
    expect(await page.evaluate('tools.commit(2, 400_000)')).toBe(2);
    expect(await page.evaluate('tools.write(2_000_000)')).toBeUndefined();
    expect(await page.evaluate('tools.last()')).toBe(2);
  });

  it('keeps what was acknowledged when it is left in the middle of commits, each whole', async ({ skip }) => {
    const { page } = await opened(skip);
    let acknowledged = 0;
    let enough: () => void = () => undefined;
    await page.exposeFunction('acknowledged', (commit: number) => {
      acknowledged = Math.max(acknowledged, commit);
      if (commit % 150 === 0) enough();
    });
    for (let time = 0; time < 3; time += 1) {
      const { lastCommit } = (await page.evaluate('tools.open()')) as { lastCommit: number };
      expect(lastCommit).toBeGreaterThanOrEqual(acknowledged);
      expect(await page.evaluate('tools.last()')).toBe(lastCommit);
      const reached = new Promise<void>((resolve) => {
        enough = resolve;
      });
      page.evaluate('void tools.commitOn(acknowledged)').catch(() => undefined);
      await reached;
      await page.reload();
    }
    expect(acknowledged).toBeGreaterThanOrEqual(450);
  });
});

import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();

it('the page becomes a replica', async (context) => {
  const { open, as, node } = await stage(context);
  const page = await open('#/c/general');
  page.on('console', (message) => console.log('page:', message.text()));
  page.on('pageerror', (error) => console.log('error:', error));
  const cdp = await page.context().browser()?.newBrowserCDPSession();
  await cdp?.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: true });
  await page.waitForSelector('main[data-through=own]', { timeout: 20000 }).catch(async () => {
    console.log(await page.evaluate(() => new Promise((resolve) => {
      const w = new SharedWorker([...document.querySelectorAll('script')].map(s=>s.src)[0] ?? '', {type:'module',name:'x'});
      resolve('no'); void w;
    })));
    throw new Error('not own');
  });
  await page.getByRole('textbox', { name: 'Message to general' }).fill('From the page');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.messages').getByText('From the page').waitFor();
  await expect.poll(async () => (await as('kai').messages.list('general')).items.map(({ text }) => text)).toContain('From the page');
  void node;
});

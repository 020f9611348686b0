import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();

it('with the node gone the page opens, reads, searches and writes, and what was written arrives later', async (context) => {
  const { open, as, stop, start } = await stage(context);
  await as('ann').messages.post('general', { text: 'Read me on the train' });
  const page = await open('#/c/general');
  await page.waitForSelector('main[data-through=own]');
  await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  await page.getByText('Read me on the train').waitFor();
  await stop();
  await page.reload();
  await page.waitForSelector('main[data-through=own]');
  await page.locator('.messages').getByText('Read me on the train').waitFor();
  await page
    .getByText(/offline/)
    .first()
    .waitFor();
  await page.getByRole('textbox', { name: 'Message to general' }).fill('Written in the tunnel');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.messages').getByText('Written in the tunnel').waitFor();
  await page.reload();
  await page.locator('.messages').getByText('Written in the tunnel').waitFor();
  await start();
  const texts = async () => (await as('ann').messages.list('general')).items.map(({ text }) => text);
  await expect.poll(texts, { timeout: 60_000 }).toContain('Written in the tunnel');
});

import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();

it('the page becomes a replica: what is written there reaches the node, and its tabs share one', async (context) => {
  const { open, as, tab } = await stage(context);
  const page = await open('#/c/general');
  await page.waitForSelector('main[data-through=own]');
  await page.getByRole('textbox', { name: 'Message to general' }).fill('From the page');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.messages').getByText('From the page').waitFor();
  const texts = async () => (await as('kai').messages.list('general')).items.map(({ text }) => text);
  await expect.poll(texts, { timeout: 60_000 }).toContain('From the page');
  const other = await tab(page, '#/c/general');
  await other.waitForSelector('main[data-through=own]');
  await other.locator('.messages').getByText('From the page').waitFor();
  const { items } = await as('kai').replicas.list();
  expect(items.map(({ name }) => name)).toEqual(['kai', 'kai, in a browser']);
});

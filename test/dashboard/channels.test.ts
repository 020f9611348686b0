import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();

it('a person reads a channel, writes in it, and sees what others write as it comes', async (context) => {
  const { open, as } = await stage(context);
  const page = await open('#/c/general');
  await page.getByText('Welcome').waitFor();
  await page.getByRole('textbox', { name: 'Message to general' }).fill('Hello from the page');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.messages').getByText('Hello from the page').waitFor();
  await as('ann').messages.post('general', { text: 'Hello back' });
  await page.getByText('Hello back').waitFor();
  const { items } = await as('kai').messages.list('general');
  expect(items.map(({ text }) => text)).toContain('Hello from the page');
});

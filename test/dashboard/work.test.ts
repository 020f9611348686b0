import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();
/** What the page's replica wrote reaches the node soon, and on a busy machine later. */
const patient = { timeout: 60_000 };

it('what an agent said to a person while the page was closed waits under Needs you, counted, and is acknowledged by one key', async (context) => {
  const { open, as, tab } = await stage(context);
  // Not where the page begins: what is seen there is acknowledged.
  await as('ann').messages.post('dev', { text: '@kai which branch do you mean?' });
  const page = await open('#/inbox');
  const items = page.getByRole('region', { name: 'Needs you' }).locator('.inbox li');
  await items.getByText('which branch do you mean?').waitFor();
  await page.getByRole('link', { name: 'Needs you 1' }).waitFor();
  await expect.poll(() => page.title(), patient).toMatch(/^\(1\) /);
  const other = await tab(page, '#/board');
  await other.getByRole('link', { name: 'Needs you 1' }).waitFor();
  await page.locator('h1').click();
  await page.keyboard.press('e');
  await page.getByText('Nothing waits for you.').waitFor();
  await other.getByRole('link', { name: 'Needs you', exact: true }).waitFor();
});

it('work is moved on the board by keys and by dragging, and a task shows who holds it, what it waits for and what was said', async (context) => {
  const { open, as } = await stage(context);
  const first = await as('ann').tasks.create({ title: 'Lay the ground', priority: 'P1' });
  const second = await as('ann').tasks.create({ title: 'Build on it', blockedBy: [first.id] });
  await as('ann').tasks.comment(first.id, { text: 'Begin at the **bottom**' });
  const page = await open('#/board');
  const column = (name: string) => page.getByRole('region', { name, exact: true });
  await column('todo').getByText('Build on it').waitFor();
  await page.getByRole('link', { name: /Lay the ground/ }).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await column('doing').getByText('Lay the ground').waitFor();
  await expect.poll(async () => (await as('kai').tasks.get(first.id)).claim?.by.handle, patient).toBe('kai');
  await page.getByRole('link', { name: /Lay the ground/ }).dragTo(column('done'));
  await page.getByRole('dialog').getByRole('textbox').fill('It holds');
  await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
  await column('done').getByText('Lay the ground').waitFor();
  await expect
    .poll(async () => (await as('kai').tasks.get(first.id)).evidence, patient)
    .toMatchObject([{ kind: 'note', ref: 'It holds' }]);
  await page.getByRole('link', { name: /Lay the ground/ }).click();
  await page.getByRole('article', { name: `Task ${first.short}` }).waitFor();
  await page.getByText('bottom').waitFor();
  await page.getByRole('img', { name: '0 tasks block it, it blocks 1' }).waitFor();
  await page.getByRole('link', { name: second.short }).first().click();
  await page.getByRole('heading', { name: 'Build on it' }).waitFor();
});

it('a search stands in its address, tells where it went wrong, and leads to what it found', async (context) => {
  const { open, as } = await stage(context);
  await as('ann').messages.post('dev', { text: 'the llama eats the invoices' });
  const page = await open('#/search?q=from%3Aann%20llama');
  await page.locator('.results mark').getByText('llama').waitFor();
  await page.getByRole('searchbox', { name: 'Query' }).fill('"unfinished');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.goBack();
  await page.locator('.results a').first().click();
  await page.getByRole('region', { name: 'Channel dev' }).waitFor();
  await page.locator('.messages').getByText('the llama eats the invoices').waitFor();
});

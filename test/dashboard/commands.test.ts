import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();
const patient = { timeout: 60_000 };

it('every place and command is reached by its name, from the keyboard alone', async (context) => {
  const { open, as } = await stage(context);
  const task = await as('ann').tasks.create({ title: 'Lay the deep ground' });
  const page = await open('#/inbox');
  const box = page.getByRole('combobox', { name: 'Command' });
  const options = page.getByRole('listbox', { name: 'Commands' }).getByRole('option');
  await page.keyboard.press('Control+k');
  await box.fill('board');
  await options.first().getByText('Go to Board').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'todo', exact: true }).getByText('Lay the deep ground').waitFor();
  await page.keyboard.press('Control+k');
  await box.fill('dee');
  await options.getByText('Lay the deep ground').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: `Task ${task.short}` }).waitFor();
  await page.keyboard.press('Control+k');
  await box.fill('high contrast');
  await options.first().getByText('Theme: high contrast').waitFor();
  await page.keyboard.press('Enter');
  await page.reload();
  await page.waitForSelector('html[data-theme=contrast]');
  await page.waitForSelector('main[data-through=own]');
  await page.keyboard.press('Control+k');
  await box.fill('new chan');
  await options.first().getByText('New channel').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('harbour');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Channel harbour' }).waitFor();
  await expect
    .poll(async () => (await as('kai').channels.list()).items.map(({ name }) => name), patient)
    .toContain('harbour');
});

it('a message becomes a task that leads back to it, and a review is sent back with a word', async (context) => {
  const { open, as } = await stage(context);
  const said = await as('ann').messages.post('dev', { text: 'The door creaks\nat night' });
  const page = await open(`#/c/dev?focus=${said.id}`);
  await page.locator('.message').getByText('The door creaks').waitFor();
  await page.keyboard.press('t');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  expect(await dialog.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('The door creaks');
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await dialog.waitFor({ state: 'detached' });
  const made = async () => (await as('kai').tasks.list()).items[0];
  await expect.poll(async () => (await made())?.title, patient).toBe('The door creaks');
  const { id = '', short = '', description } = (await made()) ?? {};
  expect(description).toBe(`> The door creaks\n> at night\n\nFrom [what ann wrote](#/m/${said.id}).`);
  await as('ann').tasks.update(id, { reviewer: 'kai' });
  await as('ann').tasks.claim(id);
  await as('ann').tasks.move(id, { to: 'review', evidence: [{ kind: 'note', ref: 'oiled' }] });
  await page.goto(new URL(`#/t/${short}`, page.url()).href);
  await page.getByRole('button', { name: 'Send back' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('It still creaks');
  await page.getByRole('dialog').getByRole('button', { name: 'Send back' }).click();
  await page.locator('.state-doing').first().waitFor();
  await expect.poll(async () => (await as('ann').tasks.get(id)).status, patient).toBe('doing');
});

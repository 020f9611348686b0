import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { stages } from './support/open.ts';

const stage = stages();
const patient = { timeout: 60_000 };

it('members, devices, tickets and data are seen to on one page, and what is done there holds at the node', async (context) => {
  const { open, as } = await stage(context);
  await as('ann').messages.post('dev', { text: 'Here' });
  const page = await open('#/settings');
  await page.getByRole('combobox', { name: 'Role of ann' }).selectOption('reader');
  await expect.poll(async () => (await as('kai').members.get('ann')).role, patient).toBe('reader');
  await page.getByRole('button', { name: 'Invite' }).click();
  const ticket = (await page.locator('code.ticket').textContent()) ?? '';
  expect(ticket).toMatch(/^coterie join \S{20,}/);
  await page.getByRole('img', { name: 'The ticket as a QR code' }).waitFor();
  await page.getByRole('button', { name: 'End it' }).click();
  await page.getByText('ended').waitFor();
  const directory = join(scratch(), 'out');
  const out = page.getByRole('form', { name: 'Export' });
  await out.getByRole('textbox').fill(directory);
  await out.getByRole('button').click();
  await page.getByText(`In ${directory}`).waitFor();
  expect(readdirSync(directory).length).toBeGreaterThan(0);
  const into = page.getByRole('form', { name: 'Import' });
  await into.getByRole('combobox').selectOption('coterie');
  await into.getByRole('textbox').fill(join(directory, 'nothing'));
  await into.getByRole('button').click();
  await page.locator('.notice.error').first().waitFor();
  // Of the node and the page the other one can be revoked; whoever thinks again leaves it.
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave it' }).click();
  const replicas = (await as('kai').replicas.list()).items;
  expect(replicas.filter(({ revoked }) => !revoked)).toHaveLength(2);
});

it('calls a person who looks elsewhere of what is wanted, and not while nobody is to disturb', async (context) => {
  const { open, as } = await stage(context);
  const page = await open('#/settings');
  await page.context().grantPermissions(['notifications']);
  // Nobody looks, and what the system would show is kept.
  await page.evaluate(`
    globalThis.shown = [];
    globalThis.Notification = class {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title, { body }) { shown.push(title + ': ' + body); }
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  `);
  const shown = () => page.evaluate('shown');
  await page.getByRole('checkbox', { name: /Call me/ }).check();
  await page.getByText('By channel').click();
  await page.getByRole('combobox', { name: 'Of dev tell me' }).selectOption('all');
  await as('ann').messages.post('problems', { text: 'nothing for you' });
  await as('ann').messages.post('problems', { text: '@kai this is' });
  await as('ann').messages.post('dev', { text: 'each of these' });
  const both = ['ann needs you: @kai this is', 'ann: each of these'];
  await expect.poll(async () => [...((await shown()) as string[])].sort(), patient).toEqual(both);
  await page.getByRole('button', { name: 'Do not disturb for 8 h' }).click();
  await as('ann').messages.post('dev', { text: 'not now' });
  await as('ann').messages.post('problems', { text: '@kai not now' });
  await page.getByRole('link', { name: 'Needs you 2' }).waitFor();
  await page.getByRole('button', { name: 'Disturb me again' }).click();
  await as('ann').messages.post('dev', { text: 'now' });
  await expect.poll(async () => ((await shown()) as string[]).length, patient).toBe(3);
  expect(await shown()).toContain('ann: now');
});

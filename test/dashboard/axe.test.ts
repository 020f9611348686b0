import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { stages } from './support/open.ts';

const stage = stages();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

it('no page has a finding of axe that is serious, in any theme', async (context) => {
  const { open, as } = await stage(context);
  const task = await as('ann').tasks.create({ title: 'Lay the ground', labels: ['deep'] });
  const message = await as('ann').messages.post('general', {
    text: '@kai look at `code`, **now**\n\n```ts\nconst a = 1;\n```',
  });
  await as('ann').messages.post('general', { text: 'an answer', thread: message.id });
  await as('ann').memory.remember({ key: 'ground', text: 'It is deep', tags: ['deep'] });
  const page = await open('#/inbox');
  const places: Readonly<Record<string, string>> = {
    '#/inbox': 'section[aria-label="Needs you"]',
    '#/c/general': '.message .code',
    [`#/thread/${message.id}`]: '.messages.thread',
    '#/board': '.card',
    [`#/t/${task.short}`]: 'article.task',
    '#/memory': '.memories li',
    '#/memory/ground': 'article.task',
    '#/agents': '.agents td',
    '#/activity': '.results li',
    '#/search?q=ground': '.results li',
    '#/settings': '[aria-label^="Role of"]',
  };
  await page.waitForSelector('main[data-through=own]');
  const findings: string[] = [];
  for (const theme of ['light', 'dark', 'contrast'])
    for (const [place, there] of Object.entries(places)) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'; location.hash = '${place}'`);
      await page.locator(there).first().waitFor();
      await page.evaluate(axe);
      const { violations } = (await page.evaluate('axe.run(document)')) as Found;
      for (const { id, impact, nodes } of violations)
        if (impact === 'serious' || impact === 'critical')
          findings.push(`${theme} ${place} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
    }
  expect(findings).toEqual([]);
});

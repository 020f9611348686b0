import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { casesIn, siteOf } from '../../support/page/run.ts';

const site = await siteOf(fileURLToPath(new URL('./page/cases.ts', import.meta.url)));
afterAll(async () => {
  if (typeof site !== 'string') await site.close();
});
await casesIn(site);

import { expect, it } from 'vitest';
import { createFace } from '../../../relay/mcp/face.ts';
import { open } from '../../replica/support/open.ts';

it('a result says what waits by a count that stays right, and reads neither inbox nor catch-up for it', async () => {
  const kai = await open();
  const mia = kai.as('mia');
  await mia.messages.post('general', { text: 'here I am' });
  const read: string[] = [];
  const counting = new Proxy(mia, {
    get(team, verb, self) {
      if (typeof verb === 'string') read.push(verb);
      return Reflect.get(team, verb, self) as unknown;
    },
  });
  const face = createFace({ with: (work) => work(counting) }, (error) => {
    throw error;
  });
  const waits = async (): Promise<unknown> => {
    const said = await face.call('who', {}, { signal: new AbortController().signal });
    return said?.structuredContent['waiting'];
  };
  expect(await waits()).toBeUndefined();
  for (let i = 1; i <= 3; i++) {
    await kai.messages.post('general', { text: `${i} @mia` });
    expect(await waits()).toBe(i);
  }
  await mia.acknowledge({ items: [(await mia.inbox()).items[0]?.id ?? ''] });
  expect(await waits()).toBe(2);
  await mia.acknowledge({ receipt: (await mia.catchUp()).receipt });
  expect(await waits()).toBeUndefined();
  expect(read).toContain('waiting');
  expect(read).not.toContain('inbox');
  expect(read).not.toContain('catchUp');
});

import { describe, expect, it } from 'vitest';
import { home, open, refused } from './support/open.ts';

describe('claims that need a grant', () => {
  it('CLM-10: are granted by the arbiter, here the replica itself, and the task begins', async () => {
    const at = home();
    const kai = await open(at);
    const { id } = await kai.tasks.create({ title: 'One' });
    const claimed = await kai.tasks.claim(id, { need: 'granted', incarnation: 'i1' });
    expect(claimed).toMatchObject({
      status: 'doing',
      claim: {
        by: { handle: 'kai' },
        certainty: 'granted',
        incarnation: 'i1',
        grant: { epoch: { term: 1 } },
      },
    });
    expect(claimed.claim?.until).toBeDefined();
    expect(await kai.tasks.claim(id, { need: 'granted' })).toEqual(claimed);
    expect((await refused(kai.as('rin').tasks.claim(id, { need: 'granted' }), 'held')).message).toContain(
      'kai',
    );
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { refused } from '../../replica/support/open.ts';
import type { CasesOf } from './cases.ts';

/** Where something answers as a node does that is asked who it is, and takes no link. */
async function standIn(): Promise<string> {
  const server = createServer((_, answer) =>
    answer.end(JSON.stringify({ mode: 'node', key: 'k'.repeat(43), protocols: [1], version: '0' })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const remotes: CasesOf<'remotes'> = {
  'remotes.add': {
    async does({ kai }) {
      const url = await standIn();
      expect(await kai.remotes.add({ url })).toMatchObject({ url, mode: 'node', added: expect.anything() });
      await kai.remotes.remove(url);
    },
    refuses: ({ as }) => refused(as('ann').remotes.add({ url: 'http://127.0.0.1:1' }), 'forbidden'),
  },
  'remotes.list': {
    async does({ kai }) {
      const url = await standIn();
      await kai.remotes.add({ url });
      expect((await kai.remotes.list()).items).toMatchObject([{ url }]);
      await kai.remotes.remove(url);
    },
    refuses: 'takes nothing, and whoever dials nobody has an empty list',
  },
  'remotes.remove': {
    async does({ kai }) {
      const url = await standIn();
      await kai.remotes.add({ url });
      expect(await kai.remotes.remove(url)).toMatchObject({ url });
      expect((await kai.remotes.list()).items).toEqual([]);
    },
    refuses: ({ kai }) => refused(kai.remotes.remove('http://127.0.0.1:1'), 'not_found'),
  },
};

import { z } from 'zod';
import { askerOf } from '../address.ts';
import { connectionOf } from '../asked.ts';
import { single } from '../metrics.ts';
import { loginPage, statusPage } from '../page.ts';
import { route } from '../route.ts';

export const Health = z.strictObject({
  ok: z.boolean(),
  /** Random, new for each start. */
  node: z.string(),
});
export const Version = z.strictObject({ name: z.string(), version: z.string(), api: z.string() });

/** Routes that need no token: they tell no text of the workspace. Page and counters need one from other machines. */
export const systemRoutes = [
  route({
    method: 'get',
    path: '/status',
    open: true,
    local: true,
    summary: 'A plain page for people: workspace, counts, channels and how to connect.',
    answer: {
      type: 'text/html; charset=utf-8',
      what: 'one page; on other machines, without a session or a token, only how to log in',
    },
    async run({ door, asked }) {
      const { incoming } = connectionOf(asked);
      const caller = await door.entrance.ifAny(incoming, 'read');
      if (caller === undefined && !askerOf(incoming).here) return loginPage();
      const [status, channels] = await Promise.all([
        door.replica.status(),
        door.replica.channels.list({ limit: 100 }),
      ]);
      return statusPage({
        url: door.url,
        status,
        channels: channels.items,
        more: channels.next !== undefined,
        viewer:
          caller?.handle === undefined
            ? undefined
            : { handle: caller.handle, role: caller.role(), session: caller.session !== undefined },
      });
    },
  }),
  route({
    method: 'get',
    path: '/healthz',
    open: true,
    summary: 'Answers while the process runs.',
    answer: Health,
    run: async ({ door }) => ({ ok: true, node: door.node }),
  }),
  route({
    method: 'get',
    path: '/readyz',
    open: true,
    summary: 'Answers 200 while the replica is open, 503 when it is not or the node stops.',
    answer: Health,
    async run({ door }) {
      door.stopping.throwIfAborted();
      await door.replica.channels.list({ limit: 1 });
      return { ok: true, node: door.node };
    },
  }),
  route({
    method: 'get',
    path: '/metrics',
    open: 'here',
    local: true,
    summary: 'Counters for Prometheus.',
    answer: { type: 'text/plain; version=0.0.4; charset=utf-8', what: 'Prometheus text' },
    async run({ door }) {
      const { counts, storage, search } = await door.replica.status();
      return door.metrics.text([
        {
          name: 'coterie_operations',
          help: 'Operations stored, by state.',
          type: 'gauge',
          values: [
            [{ state: 'all' }, counts.operations],
            [{ state: 'waiting' }, counts.waiting],
            [{ state: 'rejected' }, counts.rejected],
          ],
        },
        single('coterie_storage_bytes', 'gauge', 'Bytes of the data directory.', storage.bytes),
        single(
          'coterie_storage_uncheckpointed',
          'gauge',
          'Operations since checkpoints.',
          storage.uncheckpointed,
        ),
        single('coterie_search_behind', 'gauge', 'Operations not indexed yet.', search.behind),
      ]);
    },
  }),
  route({
    method: 'get',
    path: '/version',
    open: true,
    summary: 'Tells the version.',
    answer: Version,
    run: async ({ door }) => ({ name: 'coterie', version: door.version, api: 'v1' }),
  }),
];

import { expect, it } from 'vitest';
import { openReplica } from '../../../src/index.ts';
import type { Replica, Surface } from '../../../src/replica/surface.ts';
import { home } from '../../replica/support/open.ts';
import { start } from '../node/start.ts';
import { eras, onHttp } from './support.ts';

/** A replica that tells how many streams of events somebody follows. */
function watched(replica: Replica, count: (change: 1 | -1) => void): Replica {
  const follow = (surface: Surface): Surface => ({
    ...surface,
    events(options) {
      count(1);
      options?.signal?.addEventListener('abort', () => count(-1), { once: true });
      return surface.events(options);
    },
  });
  return new Proxy(replica, {
    get: (target, name) =>
      name === 'as' ? (as: string) => follow(target.as(as)) : Reflect.get(target, name),
  });
}

it.each(eras)('a client that goes is followed no longer, %s', async (_, options) => {
  let open = 0;
  let changed = (): void => undefined;
  const until = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      changed = () => {
        if (open === wanted) resolve();
      };
      changed();
    });
  const node = await start(home(), {
    open: async (opening) =>
      watched(await openReplica(opening), (change) => {
        open += change;
        changed();
      }),
  });
  const kai = await onHttp(node, 'kai', options);
  if (options) await kai.client.listen({ resourceSubscriptions: ['coterie://digest'] });
  else await kai.client.subscribeResource({ uri: 'coterie://digest' });
  await until(1);
  await kai.client.close();
  await until(0);
  expect(open).toBe(0);
});

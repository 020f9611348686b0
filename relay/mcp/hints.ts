import { setTimeout as wait } from 'node:timers/promises';
import type { Event } from '../../schemas/index.ts';
import type { Face } from './face.ts';
import { digestUri, isOurs, named } from './resources.ts';

/** What arrives together is told together, ms. */
const together = 50;
/** How soon a stream that broke is opened again, ms. */
const again = 1000;

/** What of a resource's thing an event may be about. */
const about = ({ subject, data, operation }: Event): unknown[] => [
  subject,
  operation,
  data['thread'],
  data['task'],
  data['key'],
];

/**
 * Follows what happens for as long as `signal` lets it, and says which of the resources that are followed changed: the
 * digest as something more waits for the member, others as something happens to their thing. While it is followed the
 * session of the member lives, and so do its claims. It is a hint to look, and nothing depends on it.
 */
export async function follow(
  { reach, shorts }: Face,
  followed: () => Iterable<string>,
  updated: (uri: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let open = -1;
  let looking: Promise<void> | undefined;

  /** More open items than before. Fewer are the member's own doing. */
  async function look(): Promise<void> {
    const before = open;
    open = await reach.with(async (team) => (await team.waiting()).open, signal);
    if (before >= 0 && open > before && [...followed()].includes(digestUri)) updated(digestUri);
  }

  async function lookSoon(): Promise<void> {
    await wait(together, undefined, { signal });
    looking = undefined;
    await look();
  }

  function tell(event: Event): void {
    const things = about(event);
    for (const uri of followed()) {
      if (uri === digestUri || !isOurs(uri)) continue;
      const what = named(uri);
      if (what.kind !== 'digest' && things.includes(shorts.whole(what.id))) updated(uri);
    }
    looking ??= lookSoon();
    looking.catch(() => undefined);
  }

  while (!signal.aborted) {
    try {
      await look();
      await reach.with(async (team) => {
        for await (const event of team.events({ signal })) tell(event);
      }, signal);
    } catch {
      // Whoever calls a tool is told what is wrong; a hint that fails is no hint.
    }
    await wait(again, undefined, { signal }).catch(() => undefined);
  }
}

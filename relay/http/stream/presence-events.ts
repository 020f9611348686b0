import type { EventsOptions, Surface } from '../../../src/replica/surface.ts';
import { sourceOf } from '../../node/hosting.ts';
import type { Door } from '../route.ts';
import type { Sink } from './streaming.ts';

const parts = (list: string): string[] => list.split(',').map((part) => part.trim().replace(/^@/, ''));

/** Presence is a type among others, of no channel. */
const wanted = ({ types, channels }: EventsOptions): boolean =>
  channels === undefined &&
  (types === undefined ||
    parts(types).some(
      (type) => type === 'presence' || (type.endsWith('*') && 'presence'.startsWith(type.slice(0, -1))),
    ));

/**
 * Tells a stream of everybody whose presence is another than before, from now on. It tells what holds when it is told:
 * while the reader is behind, the changes of one member are one. Returns what stops it.
 */
export function followPresence(
  door: Pick<Door, 'replica' | 'streams'>,
  surface: Pick<Surface, 'presence'>,
  query: EventsOptions,
  sink: Sink,
): () => void {
  const source = wanted(query) ? sourceOf(door.replica) : undefined;
  if (!source) return () => undefined;
  const members = query.members === undefined ? undefined : new Set(parts(query.members));
  const due = new Set<string>();
  let telling = false;
  let stopped = false;
  let forget = (): void => undefined;

  async function flush(): Promise<void> {
    for (const member of due) {
      if (stopped || sink.gone) return;
      if (sink.waiting() > door.streams.bufferBytes) {
        forget = sink.onDrained(look);
        return;
      }
      due.delete(member);
      // Nobody answers to an id that has written nothing yet: who is not made is told of once it is.
      const found = await surface.presence.list({ member }).catch(() => undefined);
      const [presence] = found?.items ?? [];
      if (!presence || stopped || sink.gone) continue;
      if (members && !members.has(presence.member.id) && !members.has(presence.member.handle)) continue;
      sink.say('presence', presence);
    }
  }

  function look(): void {
    if (telling) return;
    telling = true;
    void flush().finally(() => {
      telling = false;
    });
  }

  const stop = source.presence.onChange((member) => {
    due.add(member);
    look();
  });
  return () => {
    stopped = true;
    forget();
    stop();
  };
}

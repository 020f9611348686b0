import type { LogDocument } from '../../../log/document.ts';
import type { ParkedPart, Wait } from '../types.ts';
import { joinParts } from './join.ts';
import { togetherBy } from './together.ts';

/** How much waits for one document in one session. */
export const parkingBounds = {
  bytes: 2 * 1024 * 1024,
  parts: 1024,
  /** A part that was judged again so often without its first item being taken is let go. */
  attempts: 16,
} as const;

export interface Parking {
  readonly bytes: number;
  readonly parts: number;
  /** Keeps parts, and gives those that it let go for them, the oldest first: they must be asked for again. */
  add(parts: readonly ParkedPart[]): readonly ParkedPart[];
  /**
   * Takes out what can be judged again, as updates for `judgeUpdate` (with `bytes: parkingBounds.bytes`): parts whose
   * wait is over in the shown document, and parts that wait for each other, put together. Empty when nothing changed.
   * Call it after each update that was applied and after each `add`, until it gives nothing.
   */
  release(shown: LogDocument): readonly Uint8Array[];
  clear(): void;
}

const nameOf = ({ client, clock }: ParkedPart): string => `${client} ${clock}`;
/** What is the same for a part that comes back as it was. */
const shapeOf = ({ end, waits }: ParkedPart): string => JSON.stringify([end, waits]);

/** True when the document has got what a part waits for, or has the part's first place filled otherwise. */
function isOver(shown: LogDocument, { client, clock }: ParkedPart, wait: Wait): boolean {
  if (shown.clockOf(client) > clock) return true;
  if (wait.for === 'item') return shown.clockOf(wait.client) > wait.clock;
  const item = shown.item(wait.key);
  return item?.client !== wait.seen?.client || item?.clock !== wait.seen?.clock;
}

interface Held {
  readonly part: ParkedPart;
  /** How many of its waits were over when it was last looked at; -1 when it never was. */
  over: number;
}

/** Holds what waits, of one document and one session, so that Yjs never does. */
export function createParking(
  most: { readonly bytes: number; readonly parts: number } = parkingBounds,
): Parking {
  /** By first place, the oldest first. */
  const held = new Map<string, Held>();
  /** What was released: how often, and how it was. */
  const tried = new Map<string, { attempts: number; shape: string }>();
  let bytes = 0;

  function remove(name: string, part: ParkedPart): void {
    held.delete(name);
    bytes -= part.bytes;
  }

  function keep(part: ParkedPart): boolean {
    const name = nameOf(part);
    const before = tried.get(name);
    if (before && before.attempts >= parkingBounds.attempts) return false;
    const known = held.get(name)?.part;
    if (known && known.end > part.end) return true;
    if (known) remove(name, known);
    // What comes back as it was is not tried again for its own sake.
    held.set(name, { part, over: before?.shape === shapeOf(part) ? 0 : -1 });
    bytes += part.bytes;
    return true;
  }

  /** Parts for which something changed since the last look. */
  function changed(shown: LogDocument): Set<ParkedPart> {
    const found = new Set<ParkedPart>();
    for (const one of held.values()) {
      let over = 0;
      for (const wait of one.part.waits) if (isOver(shown, one.part, wait)) over++;
      if (over > one.over) found.add(one.part);
      one.over = over;
    }
    return found;
  }

  return {
    get bytes() {
      return bytes;
    },
    get parts() {
      return held.size;
    },
    add(parts) {
      const gone = parts.filter((part) => !keep(part));
      for (const [name, { part }] of held) {
        if (bytes <= most.bytes && held.size <= most.parts) break;
        remove(name, part);
        gone.push(part);
      }
      return gone;
    },
    release(shown) {
      for (const name of tried.keys()) if (!held.has(name)) tried.delete(name);
      const news = changed(shown);
      if (news.size === 0) return [];
      const parts = [...held.values()].map(({ part }) => part);
      const groups = togetherBy(parts, (part, wait) => isOver(shown, part, wait)).filter((group) =>
        group.some((part) => news.has(part)),
      );
      for (const part of groups.flat()) {
        const name = nameOf(part);
        remove(name, part);
        tried.set(name, { attempts: (tried.get(name)?.attempts ?? 0) + 1, shape: shapeOf(part) });
      }
      return groups.map(joinParts);
    },
    clear() {
      held.clear();
      tried.clear();
      bytes = 0;
    },
  };
}

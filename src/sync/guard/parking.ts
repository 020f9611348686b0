import type { LogDocument } from '../../log/document.ts';
import { joinParts } from './join.ts';
import { togetherBy } from './together.ts';
import type { ParkedPart } from './types.ts';

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

/** True when the document has got what the part waits for, or has its first place filled already. */
function isOver(shown: LogDocument, { client, clock, wait }: ParkedPart): boolean {
  if (shown.clockOf(client) > clock) return true;
  if (wait.for === 'item') return shown.clockOf(wait.client) > wait.clock;
  const item = shown.item(wait.key);
  return item?.client !== wait.seen?.client || item?.clock !== wait.seen?.clock;
}

/** Holds what waits, of one document and one session, so that Yjs never does. */
export function createParking(
  most: { readonly bytes: number; readonly parts: number } = parkingBounds,
): Parking {
  /** By first place, the oldest first. */
  const held = new Map<string, ParkedPart>();
  /** How often a first place was released. */
  const attempts = new Map<string, number>();
  let bytes = 0;
  /** Whether something came since it was last seen what belongs together. */
  let fresh = false;

  function remove(name: string, part: ParkedPart): void {
    held.delete(name);
    bytes -= part.update.length;
  }

  function keep(part: ParkedPart): boolean {
    const name = nameOf(part);
    if ((attempts.get(name) ?? 0) >= parkingBounds.attempts) return false;
    const known = held.get(name);
    if (known && known.end > part.end) return true;
    if (known) remove(name, known);
    held.set(name, part);
    bytes += part.update.length;
    fresh = true;
    return true;
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
      for (const [name, part] of held) {
        if (bytes <= most.bytes && held.size <= most.parts) break;
        remove(name, part);
        gone.push(part);
      }
      return gone;
    },
    release(shown) {
      for (const name of attempts.keys()) if (!held.has(name)) attempts.delete(name);
      const parts = [...held.values()];
      const over = parts.map((part) => isOver(shown, part));
      if (!fresh && !over.includes(true)) return [];
      fresh = false;
      return togetherBy(parts, over).map((group) => {
        for (const part of group) {
          const name = nameOf(part);
          remove(name, part);
          attempts.set(name, (attempts.get(name) ?? 0) + 1);
        }
        return joinParts(group);
      });
    },
    clear() {
      held.clear();
      attempts.clear();
      bytes = 0;
    },
  };
}

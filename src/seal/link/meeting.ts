import { documentName } from '../../log/index.ts';
import type { Extent } from '../wire.ts';
import type { LinkedDocument } from './document.ts';
import type { LinkSource, Place } from './port.ts';

export interface MeetingOptions {
  readonly source: Pick<LinkSource, 'logs' | 'segments'>;
  /** The name at the relay of a document in clear. */
  readonly named: (document: string) => string;
  readonly documentAt: (id: string, place: Place | undefined, name?: string) => LinkedDocument;
  readonly isOver: () => boolean;
}

/** Documents that are exchanged at a time. */
const atOnce = 8;
/** Logs that exist before anything is known of a workspace but its members. */
const firstLogs = ['channels', 'tasks', 'memory', 'reservations'];

/**
 * Brings everything in step once: the members log first, by which all else is judged, then the logs that say what there
 * is, then the newest segment of each log, then older ones; what nobody here has a name for comes last, for its records
 * tell it.
 */
export function createMeeting({ source, named, documentAt, isOver }: MeetingOptions): {
  run(extents: ReadonlyMap<string, Extent>): Promise<void>;
} {
  async function run(extents: ReadonlyMap<string, Extent>): Promise<void> {
    const met = new Set<string>();

    async function meet(list: readonly (readonly [id: string, name: string | undefined])[]): Promise<void> {
      const open = list.filter(([id]) => !met.has(id));
      for (const [id] of open) met.add(id);
      let next = 0;
      const one = async (): Promise<void> => {
        for (let at = next++; at < open.length && !isOver(); at = next++) {
          const [id, name] = open[at] ?? ['', undefined];
          await documentAt(id, undefined, name).meet(extents.get(id));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
    }

    /** Segments of a log that are here or there, the newest first. */
    async function segmentsOf(log: string): Promise<(readonly [string, string])[]> {
      const here = (await source.segments(log)).map(({ n }) => n);
      const found = new Map(here.map((n) => [n, named(documentName(log, n))]));
      const highest = Math.max(0, ...here);
      for (let n = 1; n <= highest || extents.has(named(documentName(log, n))); n++) {
        const id = named(documentName(log, n));
        if (extents.has(id)) found.set(n, id);
      }
      return [...found].sort(([a], [b]) => b - a).map(([n, id]) => [id, documentName(log, n)] as const);
    }

    async function logs(names: readonly string[]): Promise<void> {
      const all = await Promise.all(names.map(segmentsOf));
      const longest = Math.max(0, ...all.map(({ length }) => length));
      for (let age = 0; age < longest; age++) await meet(all.flatMap((list) => list.slice(age, age + 1)));
    }

    await logs(['members']);
    await logs(firstLogs);
    await logs((await source.logs()).map(([log]) => log));
    await meet([...extents.keys()].map((id) => [id, undefined] as const));
    // Those told of logs that nobody knew of.
    await logs((await source.logs()).map(([log]) => log));
  }
  return { run };
}

import { documentName, parseDocumentName } from '../../log/name.ts';
import type { ControlMessage } from '../wire.ts';
import type { Core } from './core.ts';
import type { Work } from './work.ts';

/** Documents that were written to are told together, after this, ms. */
const quiet = 50;

export const isMarks = (log: string): boolean => log.startsWith('marks.');

type Segments = Extract<ControlMessage, { type: 'segments' }>;

/**
 * Tells of documents that were written to and are not open: `segments` of the one document, with its digest. Whoever
 * hears it and has another digest begins; who has the same says so, which ends it.
 */
export function createAnnounce(
  core: Core,
  parts: {
    readonly work: Work;
    readonly isFed: (document: string) => boolean;
    readonly progress: () => void;
  },
) {
  const { source } = core;
  const dirty = new Set<string>();
  const announced = new Set<string>();
  let planned = false;

  async function tell(document: string): Promise<void> {
    const name = parseDocumentName(document);
    if (!name || parts.isFed(document)) return;
    const { digest, split } = await source.digest(document);
    announced.add(document);
    core.send({
      type: 'segments',
      log: name.log,
      changed: true,
      from: name.segment,
      to: name.segment,
      segments: [{ n: name.segment, digest, split }],
    });
  }

  function flush(): void {
    planned = false;
    if (core.congested()) return;
    const documents = [...dirty];
    void core.work(async () => {
      for (const document of documents) {
        dirty.delete(document);
        await tell(document);
        if (!core.alive()) return;
      }
    });
  }

  function plan(): void {
    if (planned || dirty.size === 0) return;
    planned = true;
    core.later(quiet, flush);
  }

  /** An old segment of marks is not kept everywhere: nobody lacks it. */
  const isOver = async (log: string, n: number): Promise<boolean> =>
    isMarks(log) && ((await source.segments(log)).at(-1)?.n ?? 0) > n;

  return {
    touch(document: string): void {
      dirty.add(document);
      plan();
    },
    /** What was told, or not yet, and is not known to have been heard. */
    isPending: (document: string): boolean => dirty.has(document) || announced.has(document),
    documents: (): string[] => [...dirty, ...announced],
    size: (): number => dirty.size + announced.size,
    drained: plan,
    /** The document was exchanged since. */
    heard(document: string): void {
      announced.delete(document);
    },
    async onChanged(message: Segments): Promise<void> {
      const [theirs] = message.segments;
      if (!theirs) return;
      const { log, from } = message;
      const document = documentName(log, from);
      const own = await source.digest(document);
      if (own.digest !== theirs.digest && !(await isOver(log, from))) {
        // The exchange that begins brings both sides what they lack.
        announced.delete(document);
        parts.work.add(document, log === 'members' ? 0 : 1, own.split || theirs.split);
        parts.work.pump();
      } else if (announced.delete(document)) parts.progress();
      else core.send(message);
    },
  };
}

export type Announce = ReturnType<typeof createAnnounce>;

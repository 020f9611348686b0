import type { Hash } from '../../../../schemas/index.ts';
import { isMarks } from '../../../log/marks.ts';
import { parseDocumentName } from '../../../log/name.ts';
import { mostSegments } from '../../../log/segment.ts';
import type { ControlMessage } from '../../wire.ts';
import type { Core } from '../core.ts';
import type { Work } from './work.ts';

/** Documents that were written to are told together, after this, ms. */
const quiet = 50;
/** Documents that were told and not heard; the others wait. Well under what a peer takes that is told, too. */
const window = 1024;

/** An answer that has not come after this is not waited for any more, ms: comparing the workspaces finds what differs. */
const patience = 40_000;

type Segments = Extract<ControlMessage, { type: 'segments' }>;

/**
 * Documents to be told of; those that were and are not known to have been heard, with the digest that was told last and
 * when; those of which no answer is expected any more, and which are still not known to be equal.
 */
export interface Announced {
  readonly dirty: Set<string>;
  readonly told: Map<string, { readonly digest: Hash; readonly at: number }>;
  readonly missed: Set<string>;
  planned: boolean;
}

/**
 * Tells of documents that were written to and are not open: `segments` of the one document, with its digest. Whoever
 * hears it and has another digest begins; who has the same answers `heard`, and an answer is never answered.
 */
export function createAnnounce(parts: {
  readonly work: Work;
  readonly isFed: (core: Core, document: string) => boolean;
  readonly progress: (core: Core) => void;
}) {
  function stateOf(core: Core): Announced {
    core.announced ??= { dirty: new Set(), told: new Map(), missed: new Set(), planned: false };
    return core.announced;
  }

  async function tell(core: Core, document: string): Promise<void> {
    const name = parseDocumentName(document);
    if (!name || parts.isFed(core, document)) return;
    const { digest, split } = await core.source.digest(document);
    // An answer that went out meanwhile has it.
    if (parts.isFed(core, document)) return;
    const state = stateOf(core);
    state.missed.delete(document);
    state.told.set(document, { digest, at: core.options.now() });
    core.send({
      type: 'segments',
      log: name.log,
      told: 'changed',
      from: name.segment,
      to: name.segment,
      segments: [{ n: name.segment, digest, split }],
    });
  }

  function flush(core: Core): void {
    const state = stateOf(core);
    state.planned = false;
    if (core.congested() || !core.met()) return;
    const documents = [...state.dirty];
    void core.work(async () => {
      for (const document of documents) {
        if (state.told.size >= window) return;
        if (!state.dirty.delete(document)) continue;
        await tell(core, document);
        if (!core.alive()) return;
      }
    });
  }

  function plan(core: Core): void {
    const { announced } = core;
    if (!announced || announced.planned || announced.dirty.size === 0) return;
    announced.planned = true;
    core.later(quiet, () => flush(core));
  }

  /** An old segment of marks is not kept everywhere: nobody lacks it. */
  const isOver = async (core: Core, log: string, n: number): Promise<boolean> =>
    isMarks(log) && ((await core.source.segments(log)).at(-1)?.n ?? 0) > n;

  function tidy(core: Core): void {
    const { announced } = core;
    if (!announced || announced.planned) return;
    if (announced.dirty.size + announced.told.size + announced.missed.size === 0) core.announced = undefined;
  }

  /** True when it had been told. */
  function heard(core: Core, document: string): boolean {
    const { announced } = core;
    const late = announced?.missed.delete(document) === true;
    if (!announced?.told.delete(document) && !late) return false;
    // What waited for its turn.
    plan(core);
    tidy(core);
    return true;
  }

  return {
    touch(core: Core, document: string): void {
      stateOf(core).dirty.add(document);
      plan(core);
    },
    /** What was told, or not yet, and is not known to have been heard. */
    isPending: ({ announced }: Core, document: string): boolean =>
      announced !== undefined &&
      (announced.dirty.has(document) || announced.told.has(document) || announced.missed.has(document)),
    documents: ({ announced }: Core): string[] =>
      announced ? [...announced.dirty, ...announced.told.keys(), ...announced.missed] : [],
    /** What is on its way to being heard. */
    size: ({ announced }: Core): number => (announced ? announced.dirty.size + announced.told.size : 0),
    /** Tells what could not be told before. */
    plan,
    /** The document was exchanged since. */
    heard,
    /** Waits no longer for a peer that does not answer: else nothing would ever be compared with it again. */
    giveUp(core: Core): void {
      const { announced } = core;
      if (!announced) return;
      const before = core.options.now() - patience;
      for (const [document, { at }] of [...announced.told])
        if (at <= before && announced.told.delete(document)) announced.missed.add(document);
      plan(core);
    },
    /** The workspaces are equal: what was missed is there. */
    allEqual(core: Core): void {
      const { announced } = core;
      if (!announced || announced.missed.size === 0) return;
      announced.missed.clear();
      tidy(core);
      parts.progress(core);
    },
    async onChanged(core: Core, message: Segments): Promise<void> {
      const [theirs] = message.segments;
      if (!theirs) return;
      const { log, from } = message;
      const document = `log/${log}/${from}`;
      // No document that can be here; perhaps a later version knows it.
      if (!parseDocumentName(document) || from > mostSegments) return;
      const own = await core.source.digest(document);
      if (own.digest !== theirs.digest && !(await isOver(core, log, from))) {
        // The exchange that begins brings both sides what they lack.
        heard(core, document);
        parts.work.addTold(core, document, log === 'members' ? 0 : 1, own.split || theirs.split);
        parts.work.pump(core);
      } else {
        core.send({ ...message, told: 'heard' });
        if (heard(core, document)) parts.progress(core);
      }
    },
    /** The answer to what was told; one to an earlier digest says nothing of the present one, which is on its way. */
    onHeard(core: Core, { log, from, segments }: Segments): void {
      const document = `log/${log}/${from}`;
      if (core.announced?.told.get(document)?.digest === segments[0]?.digest && heard(core, document))
        parts.progress(core);
    },
  };
}

export type Announce = ReturnType<typeof createAnnounce>;

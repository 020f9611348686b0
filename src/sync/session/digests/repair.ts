import type { Hash } from '../../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../../schemas/protocol.ts';
import type { KeyFlag } from '../../port.ts';
import type { DocumentMessage } from '../../wire.ts';
import { wireLimits } from '../../wire-limits.ts';
import { type Allowance, costs } from '../allowance.ts';
import { type Channel, channels, type Round } from '../channels.ts';
import type { Core } from '../core.ts';
import { inbox } from '../inbox.ts';
import { outbox } from '../outbox.ts';

/** Rounds before a pause, and how long it is, ms. */
const rounds = 3;
const pause = { low: 10_000, high: 20_000 };
/** Keys of a document that is repaired; one of more is let be. */
const mostKeys = 100_000;
/** Keys that wait for an answer; an honest peer has a few documents under way. */
const mostAsked = 16 * mostKeys;
/** Entries that are read at a time: of the largest, 8 MiB. */
const readAtOnce = 64;
/** Unequal after so many exchanges, or lacking a key that was taken so often, a document is split. */
const exchangesToSplit = 30;
const lacksToSplit = 3;

export interface Trouble {
  rounds: number;
  exchanges: number;
  /** Rounds in a row in which keys were lacking here. */
  lacks: number;
  marked: boolean;
  /** No repair before, ms. */
  until: number;
}

/** What is here in part or not at all, of the keys that the other side has. */
function wanted(
  here: ReadonlyMap<Hash, boolean>,
  theirs: readonly KeyFlag[],
): { want: Hash[]; lacks: boolean } {
  const want = new Set<Hash>();
  let lacks = false;
  for (const [key, hasBody] of theirs) {
    const mine = here.get(key);
    if ((mine !== undefined && (mine || !hasBody)) || want.has(key)) continue;
    want.add(key);
    if (mine === undefined) lacks = true;
  }
  return { want: [...want], lacks };
}

/** Parts of a list whose texts are about `bytes` long together. */
function* inParts<T extends readonly [string, string]>(entries: readonly T[], bytes: number): Generator<T[]> {
  let part: T[] = [];
  let size = 0;
  for (const entry of entries) {
    if (size + entry[1].length > bytes && part.length > 0) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(entry);
    size += entry[1].length;
  }
  yield part;
}

/** Notes that keys wait for an answer. Returns what ends that. */
function noteAsked(core: Core, keys: number): () => void {
  core.asked += keys;
  if (core.asked > mostAsked) core.close(closeCodes.busy, 'too many keys are asked for at a time');
  return () => {
    core.asked -= keys;
  };
}

/** Repair by key: each side tells its keys, wants what it lacks, and writes it itself. */
export function createRepair(parts: {
  readonly allowance: Allowance;
  /** A round is over. */
  readonly done: (core: Core, channel: Channel) => void;
  /** Not equal after all rounds; another time. */
  readonly gaveUp: (core: Core, channel: Channel) => void;
}) {
  function troubleOf(core: Core, document: string): Trouble {
    core.troubles ??= new Map();
    const known = core.troubles.get(document);
    if (known) return known;
    const trouble = { rounds: 0, exchanges: 0, lacks: 0, marked: false, until: 0 };
    core.troubles.set(document, trouble);
    // None may be forgotten: what was sent of it would count as shown there.
    if (core.troubles.size > muxProtocol.documents)
      core.close(closeCodes.busy, 'too many documents are not equal');
    return trouble;
  }

  async function markSplit(core: Core, channel: Channel, trouble: Trouble): Promise<void> {
    if (trouble.marked) return;
    trouble.marked = true;
    channel.byKey = true;
    await core.source.markSplit(channel.document);
  }

  async function sendKeys(core: Core, channel: Channel): Promise<void> {
    const keys = await core.source.keys(channel.document);
    if (keys.length > mostKeys) return giveUp(core, channel);
    parts.allowance.spend(core, keys.length * costs.key);
    const pages = Math.max(1, Math.ceil(keys.length / wireLimits.keys));
    if (channel.round) channel.round.pages = pages;
    for (let page = 0; page < pages; page++) {
      const at = page * wireLimits.keys;
      const part = keys.slice(at, at + wireLimits.keys);
      channels.send(core, channel, { type: 'keys', last: page === pages - 1, keys: part });
    }
  }

  function giveUp(core: Core, channel: Channel): void {
    const trouble = troubleOf(core, channel.document);
    channel.round = undefined;
    core.emit({ type: 'unequal', document: channel.document, exchanges: trouble.exchanges });
    parts.gaveUp(core, channel);
  }

  function open(channel: Channel): Round {
    channel.round ??= {
      keysSent: false,
      keysGot: false,
      pages: 1,
      served: 0,
      wanting: 0,
      here: undefined,
      lacks: false,
    };
    return channel.round;
  }

  function finish(core: Core, channel: Channel): void {
    const { round } = channel;
    if (!round?.keysSent || !round.keysGot || round.served < round.pages || round.wanting > 0) return;
    channel.round = undefined;
    parts.done(core, channel);
  }

  /** Begins a round, or gives up until the next inventory. */
  function start(core: Core, channel: Channel): void {
    const trouble = troubleOf(core, channel.document);
    trouble.exchanges++;
    const begin = (): void => {
      if (trouble.rounds >= rounds) {
        if (trouble.until > core.options.now()) {
          giveUp(core, channel);
          return;
        }
        trouble.rounds = 0;
      }
      if (++trouble.rounds === rounds)
        trouble.until = core.options.now() + core.jitter(pause.low, pause.high);
      const round = open(channel);
      if (round.keysSent) return;
      round.keysSent = true;
      channels.run(core, channel, () => sendKeys(core, channel));
    };
    if (trouble.exchanges < exchangesToSplit || trouble.marked) begin();
    else
      channels.run(core, channel, async () => {
        await markSplit(core, channel, trouble);
        begin();
      });
  }

  function onKeys(
    core: Core,
    channel: Channel,
    { keys: theirs, last }: Extract<DocumentMessage, { type: 'keys' }>,
  ): void {
    const round = open(channel);
    const answered = noteAsked(core, theirs.length);
    channels.run(core, channel, async () => {
      // Once a round: what comes meanwhile is wanted for nothing, and does no harm.
      round.here ??= new Map(await core.source.keys(channel.document));
      const { want, lacks } = wanted(round.here, theirs);
      answered();
      const trouble = troubleOf(core, channel.document);
      round.lacks ||= lacks;
      if (last) trouble.lacks = round.lacks ? trouble.lacks + 1 : 0;
      // What is taken does not stay: the structures of the document are broken here.
      if (trouble.lacks >= lacksToSplit) await markSplit(core, channel, trouble);
      if (want.length > 0) round.wanting++;
      channels.send(core, channel, { type: 'want', keys: want });
      if (!round.keysSent) {
        round.keysSent = true;
        await sendKeys(core, channel);
      }
      round.keysGot ||= last;
      finish(core, channel);
    });
  }

  /** A want can name a whole document, and a key of it a hundred thousand times. */
  function onWant(core: Core, channel: Channel, keys: readonly Hash[]): void {
    const due = [...new Set(keys)];
    const answered = noteAsked(core, due.length);
    let at = 0;
    const serve = (): void =>
      channels.run(core, channel, async () => {
        const wanted = due.slice(at, at + readAtOnce);
        const entries = wanted.length === 0 ? [] : await core.source.entries(channel.document, wanted);
        at += wanted.length;
        const all = wanted.length === 0 ? [] : [...inParts(entries, muxProtocol.updateBytes / 4)];
        for (const [i, part] of all.entries()) {
          parts.allowance.spend(
            core,
            part.reduce((sum, [, entry]) => sum + entry.length, 0),
          );
          const last = at >= due.length && i === all.length - 1;
          channels.send(core, channel, { type: 'entries', last, entries: part }, true);
        }
        if (at < due.length) return outbox.whenClear(core, serve);
        answered();
        if (channel.round) channel.round.served++;
        finish(core, channel);
      });
    outbox.whenClear(core, serve);
  }

  function onEntries(
    core: Core,
    channel: Channel,
    { entries, last }: Extract<DocumentMessage, { type: 'entries' }>,
  ): void {
    const bytes = entries.reduce((sum, [, entry]) => sum + entry.length, 0);
    inbox.add(
      core,
      channel,
      bytes,
      () => core.source.take(channel.document, entries, core.options.id),
      ({ keys }) => {
        if (keys.length > 0) core.emit({ type: 'repaired', document: channel.document, keys: keys.length });
        if (last && channel.round && channel.round.wanting > 0) channel.round.wanting--;
        void Promise.resolve().then(() => finish(core, channel));
        return true;
      },
    );
  }

  return {
    start,
    onKeys,
    onWant,
    onEntries,
    equal: (core: Core, document: string): boolean => core.troubles?.delete(document) === true,
    allEqual(core: Core): void {
      core.troubles = undefined;
    },
    /** Not known to be equal: what was sent of it may not be shown there. */
    isTroubled: (core: Core, document: string): boolean => core.troubles?.has(document) === true,
    documents: (core: Core): Iterable<string> => core.troubles?.keys() ?? [],
  };
}

export type Repair = ReturnType<typeof createRepair>;

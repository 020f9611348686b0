import type { Hash } from '../../../schemas/index.ts';
import { muxProtocol } from '../../../schemas/protocol.ts';
import type { KeyFlag } from '../port.ts';
import type { DocumentMessage } from '../wire.ts';
import { wireLimits } from '../wire-limits.ts';
import type { Channel, Channels, Round } from './channels.ts';
import type { Core } from './core.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';

/** Rounds before a pause, and how long it is, ms. */
const rounds = 3;
const pause = { low: 10_000, high: 20_000 };
/** Unequal after so many exchanges, or lacking a key that was taken so often, a document is split. */
const exchangesToSplit = 30;
const lacksToSplit = 3;

interface Trouble {
  rounds: number;
  exchanges: number;
  /** Rounds in a row in which keys were lacking here. */
  lacks: number;
  marked: boolean;
  /** No repair before, ms. */
  until: number;
}

/** What is here in part or not at all, of the keys that the other side has. */
function wanted(own: readonly KeyFlag[], theirs: readonly KeyFlag[]): { want: Hash[]; lacks: number } {
  const here = new Map(own);
  const want: Hash[] = [];
  let lacks = 0;
  for (const [key, hasBody] of theirs) {
    const mine = here.get(key);
    if (mine === undefined) lacks++;
    if (mine === undefined || (hasBody && !mine)) want.push(key);
  }
  return { want, lacks };
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

/** Repair by key: each side tells its keys, wants what it lacks, and writes it itself. */
export function createRepair(
  core: Core,
  parts: {
    readonly channels: Channels;
    readonly inbox: Inbox;
    readonly outbox: Outbox;
    /** A round is over. */
    readonly done: (channel: Channel) => void;
    /** Not equal after all rounds; another time. */
    readonly gaveUp: (channel: Channel) => void;
  },
) {
  const { channels, inbox, outbox } = parts;
  const { source, options } = core;
  const troubles = new Map<string, Trouble>();

  function troubleOf(document: string): Trouble {
    const known = troubles.get(document);
    if (known) return known;
    const trouble = { rounds: 0, exchanges: 0, lacks: 0, marked: false, until: 0 };
    troubles.set(document, trouble);
    return trouble;
  }

  async function markSplit(channel: Channel, trouble: Trouble): Promise<void> {
    if (trouble.marked) return;
    trouble.marked = true;
    channel.byKey = true;
    await source.markSplit(channel.document);
  }

  async function sendKeys(channel: Channel): Promise<void> {
    const keys = await source.keys(channel.document);
    if (keys.length > wireLimits.keys) return giveUp(channel);
    channels.send(channel, { type: 'keys', keys });
  }

  function giveUp(channel: Channel): void {
    const trouble = troubleOf(channel.document);
    channel.round = undefined;
    core.emit({ type: 'unequal', document: channel.document, exchanges: trouble.exchanges });
    parts.gaveUp(channel);
  }

  function open(channel: Channel): Round {
    channel.round ??= { keysSent: false, keysGot: false, served: false, wanting: false };
    return channel.round;
  }

  function finish(channel: Channel): void {
    const { round } = channel;
    if (!round?.keysSent || !round.keysGot || !round.served || round.wanting) return;
    channel.round = undefined;
    parts.done(channel);
  }

  /** Begins a round, or gives up until the next inventory. */
  function start(channel: Channel): void {
    const trouble = troubleOf(channel.document);
    trouble.exchanges++;
    const begin = (): void => {
      if (trouble.rounds >= rounds) {
        if (trouble.until > options.now()) {
          giveUp(channel);
          return;
        }
        trouble.rounds = 0;
      }
      if (++trouble.rounds === rounds) trouble.until = options.now() + core.jitter(pause.low, pause.high);
      const round = open(channel);
      if (round.keysSent) return;
      round.keysSent = true;
      channels.run(channel, () => sendKeys(channel));
    };
    if (trouble.exchanges < exchangesToSplit || trouble.marked) begin();
    else
      channels.run(channel, async () => {
        await markSplit(channel, trouble);
        begin();
      });
  }

  function onKeys(channel: Channel, theirs: readonly KeyFlag[]): void {
    const round = open(channel);
    channels.run(channel, async () => {
      const { want, lacks } = wanted(await source.keys(channel.document), theirs);
      const trouble = troubleOf(channel.document);
      trouble.lacks = lacks > 0 ? trouble.lacks + 1 : 0;
      // What is taken does not stay: the structures of the document are broken here.
      if (trouble.lacks >= lacksToSplit) await markSplit(channel, trouble);
      round.wanting ||= want.length > 0;
      channels.send(channel, { type: 'want', keys: want });
      if (!round.keysSent) {
        round.keysSent = true;
        await sendKeys(channel);
      }
      round.keysGot = true;
      finish(channel);
    });
  }

  function onWant(channel: Channel, keys: readonly Hash[]): void {
    channels.run(channel, async () => {
      const entries = keys.length === 0 ? [] : await source.entries(channel.document, keys);
      const send = (): void => {
        const all = keys.length === 0 ? [] : [...inParts(entries, muxProtocol.updateBytes / 4)];
        all.forEach((part, i) => {
          channels.send(channel, { type: 'entries', last: i === all.length - 1, entries: part }, true);
        });
        if (channel.round) channel.round.served = true;
        finish(channel);
      };
      outbox.whenClear(send);
    });
  }

  function onEntries(
    channel: Channel,
    { entries, last }: Extract<DocumentMessage, { type: 'entries' }>,
  ): void {
    const bytes = entries.reduce((sum, [, entry]) => sum + entry.length, 0);
    inbox.add(
      channel,
      bytes,
      () => source.take(channel.document, entries, core.options.id),
      () => {
        if (last && channel.round) channel.round.wanting = false;
        void Promise.resolve().then(() => finish(channel));
        return true;
      },
    );
  }

  return {
    start,
    onKeys,
    onWant,
    onEntries,
    equal: (document: string): boolean => troubles.delete(document),
    allEqual: (): void => troubles.clear(),
    /** Not known to be equal: what was sent of it may not be shown there. */
    isTroubled: (document: string): boolean => troubles.has(document),
    documents: (): Iterable<string> => troubles.keys(),
  };
}

export type Repair = ReturnType<typeof createRepair>;

import type { Hash } from '../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { parseDocumentName } from '../../log/name.ts';
import { type DocumentMessage, encodeDocument } from '../wire.ts';
import type { Core } from './core.ts';

/** Messages with data that came under one alias, and how many of them are durable here. */
export interface Incoming {
  got: number;
  durable: number;
}

/** A round of repair by key, of both sides. */
export interface Round {
  keysSent: boolean;
  /** The last of the other's keys were looked at. */
  keysGot: boolean;
  /** Messages that this side's keys are; the other wants something of each, or nothing. */
  pages: number;
  /** Wants that were answered: one of each page. */
  served: number;
  /** Wants of this side to which entries are to come. */
  wanting: number;
  /** Keys that are here, since the other's first came; and whether any of its were not among them. */
  here: ReadonlyMap<Hash, boolean> | undefined;
  lacks: boolean;
}

/** One document that is open in a session. */
export interface Channel {
  readonly document: string;
  /** The alias here and the alias there; 0: none. */
  out: number;
  in: number;
  /** Messages with data that were sent under the present alias. */
  sent: number;
  incoming: Incoming;
  /** A step 1 is out, and the other side's has not come since. */
  asked: boolean;
  /** Steps 2 that are to come. */
  awaiting: number;
  /** Steps 1 of the other side that are being answered, or will be when the transport drained. */
  answering: number;
  /** The newest of them that is not looked at yet: its answer is the answer to those before it. */
  wanted: Uint8Array | undefined;
  /** A step 1 of this side is being made. */
  asking: boolean;
  /** The other side closed it, and has not named it since. */
  left: boolean;
  /** Updates that became durable during an answer: they follow it. */
  held: Uint8Array[] | undefined;
  /** The other side was answered: each further update is sent to it. */
  feeding: boolean;
  /** Updates were left out because the transport is full. */
  lagging: boolean;
  /** Split on one side: synced by key alone. */
  byKey: boolean;
  /** This side began: it compares, repairs and closes. */
  driving: boolean;
  /** A digest is to be said once all that came is durable; `ask`: and the other's is wanted. */
  due: 'no' | 'say' | 'ask';
  /** Comparisons in a row that gave unequal digests, or could not be made. */
  unequal: number;
  busy: number;
  /** A comparison is planned. */
  planned: boolean;
  /** Acknowledgements that wait until what was parked has been asked for again. */
  parked: (() => void)[];
  round: Round | undefined;
  /** Messages that came under any alias and are not settled yet. */
  storing: number;
  /** The work on it, one after another. */
  tail: Promise<void> | undefined;
  /** Last use, ms. */
  touched: number;
}

const fresh = (document: string, now: number): Channel => ({
  document,
  out: 0,
  in: 0,
  sent: 0,
  incoming: { got: 0, durable: 0 },
  asked: false,
  awaiting: 0,
  answering: 0,
  wanted: undefined,
  asking: false,
  left: false,
  held: undefined,
  feeding: false,
  lagging: false,
  byKey: false,
  driving: false,
  due: 'no',
  unequal: 0,
  busy: 0,
  planned: false,
  parked: [],
  round: undefined,
  storing: 0,
  tail: undefined,
  touched: now,
});

/** True while something is under way that a close would tear. */
export const hasBusiness = (channel: Channel): boolean =>
  channel.asked ||
  channel.awaiting > 0 ||
  channel.answering > 0 ||
  channel.lagging ||
  channel.planned ||
  channel.due !== 'no' ||
  channel.round !== undefined ||
  channel.storing > 0;

/** The documents that are open, by name and by the other side's alias. Each side has aliases of its own. */
export interface ChannelTable {
  readonly byName: Map<string, Channel>;
  /** `null`: a kind of document that this version does not know; what comes for it is ignored. */
  readonly byAlias: Map<number, Channel | null>;
  lastOut: number;
  lastIn: number;
}

function tableOf(core: Core): ChannelTable {
  core.channels ??= { byName: new Map(), byAlias: new Map(), lastOut: 0, lastIn: 0 };
  return core.channels;
}

/** Takes what the newest step 1 of the other side told that it has. */
function takeWanted(core: Core, channel: Channel): Uint8Array | undefined {
  const { wanted } = channel;
  core.wanted -= wanted?.length ?? 0;
  channel.wanted = undefined;
  return wanted;
}

/**
 * Ends what the other side began and left: whoever waits for anything closes nothing. What this side began stays, since
 * its first message may have met the close on the way.
 */
function release(core: Core, channel: Channel): void {
  takeWanted(core, channel);
  channel.answering = 0;
  channel.held = undefined;
  const { round } = channel;
  if (round && (round.here || round.served > 0)) channel.round = undefined;
  if (channel.asked || channel.storing > 0 || channel.round) return;
  channel.awaiting = 0;
  channel.due = 'no';
}

/**
 * Forgets a document that is closed on both sides, once nothing refers to it any more: what is under way may name it
 * again, and it must not be there twice.
 */
function drop(core: Core, channel: Channel): void {
  if (channel.left) release(core, channel);
  if (channel.out !== 0 || channel.in !== 0 || channel.tail || hasBusiness(channel)) return;
  core.channels?.byName.delete(channel.document);
}

function close(core: Core, channel: Channel): void {
  if (channel.out === 0 || hasBusiness(channel)) return;
  core.send({ type: 'close', alias: channel.out });
  channel.out = 0;
  channel.sent = 0;
  channel.feeding = false;
  channel.driving = false;
  channel.unequal = 0;
  channel.busy = 0;
  drop(core, channel);
}

const none: readonly Channel[] = [];

/** The functions of the open documents of a session. */
export const channels = {
  get: (core: Core, document: string): Channel | undefined => core.channels?.byName.get(document),
  all: (core: Core): Iterable<Channel> => core.channels?.byName.values() ?? none,
  size: (core: Core): number => core.channels?.byName.size ?? 0,

  open(core: Core, document: string): Channel {
    const { byName } = tableOf(core);
    const known = byName.get(document);
    if (known) return known;
    const channel = fresh(document, core.options.now());
    byName.set(document, channel);
    return channel;
  },

  /** Sends a message of a document; names it first where it has no alias. `data`: it counts as one with data. */
  send(core: Core, channel: Channel, message: DocumentMessage, data = false): void {
    if (!core.alive()) return;
    if (channel.out === 0) {
      channel.out = ++tableOf(core).lastOut;
      core.send({ type: 'name', alias: channel.out, document: channel.document });
    }
    channel.touched = core.options.now();
    if (data) {
      channel.sent++;
      core.sent++;
    }
    core.sendFrame(encodeDocument(channel.out, message));
  },

  /** Runs work on one document after what is under way on it. */
  run(core: Core, channel: Channel, task: () => Promise<void>): void {
    const tail = core.work(task, channel.tail);
    channel.tail = tail;
    void tail.then(() => {
      if (channel.tail !== tail) return;
      channel.tail = undefined;
      drop(core, channel);
    });
  },

  close,
  drop,
  takeWanted,

  named(core: Core, alias: number, document: string): void {
    const table = tableOf(core);
    if (table.byAlias.size >= muxProtocol.documents) core.close(closeCodes.busy, 'too many open documents');
    else if (alias <= table.lastIn) core.close(closeCodes.malformed, 'an alias is used again');
    if (!core.alive()) return;
    table.lastIn = alias;
    if (!table.byName.has(document) && table.byName.size >= muxProtocol.documents) {
      // Those that were closed count until nothing of them is under way.
      core.close(closeCodes.busy, 'too many documents at a time');
      return;
    }
    if (!parseDocumentName(document)) {
      table.byAlias.set(alias, null);
      return;
    }
    const channel = channels.open(core, document);
    if (channel.in !== 0) {
      core.close(closeCodes.malformed, 'a document is named twice');
      return;
    }
    channel.in = alias;
    channel.left = false;
    channel.incoming = { got: 0, durable: 0 };
    table.byAlias.set(alias, channel);
  },

  /** The document of an alias; `null`: to be ignored; undefined: the alias was never named, or was closed. */
  at: (core: Core, alias: number): Channel | null | undefined => core.channels?.byAlias.get(alias),

  closed(core: Core, alias: number): void {
    const channel = channels.at(core, alias);
    if (channel === undefined) {
      core.close(closeCodes.malformed, 'an alias that is not open is closed');
      return;
    }
    core.channels?.byAlias.delete(alias);
    if (channel === null) return;
    channel.in = 0;
    channel.left = true;
    release(core, channel);
    close(core, channel);
    drop(core, channel);
  },
};

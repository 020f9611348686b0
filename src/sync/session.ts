import type { DurableUpdate } from './port.ts';
import { createAllowance } from './session/allowance.ts';
import { type Channel, channels } from './session/channels.ts';
import { Core } from './session/core.ts';
import { createAnnounce } from './session/digests/announce.ts';
import { createCompare } from './session/digests/compare.ts';
import { createInventory } from './session/digests/inventory.ts';
import { createRecheck } from './session/digests/recheck.ts';
import { createRepair } from './session/digests/repair.ts';
import { createWork } from './session/digests/work.ts';
import { createDispatch } from './session/dispatch.ts';
import { createExchange } from './session/exchange.ts';
import { createHandshake, openingBytes } from './session/handshake.ts';
import { inbox } from './session/inbox.ts';
import { outbox } from './session/outbox.ts';
import { startPulse } from './session/pulse.ts';
import { heads, presence } from './session/telling.ts';
import type { Session, SessionOptions, SessionStatus } from './session/types.ts';
import { decodeFrame } from './wire.ts';

export type * from './session/types.ts';

// The parts of every session, joined once: what they know of one session is in its core.

function progress(core: Core): void {
  core.emit({ type: 'progress' });
  inventory.check(core);
  recheck.stir(core);
}

function synced(core: Core): void {
  if (core.state.phase === 'syncing') core.state = { phase: 'live', publicKey: core.state.publicKey };
  presence.begin(core);
  heads.begin(core);
  core.emit({ type: 'synced' });
  core.emit({ type: 'progress' });
  if (core.equal !== true) recheck.stir(core);
}

/** The exchange that a begin started is over, for now: the next document may begin. */
function concluded(core: Core, channel: Channel): void {
  work.finished(core, channel.document);
  progress(core);
}

/** Goes on when both sides are admitted, and both know. */
function meet(core: Core): void {
  const { meeting, state, peer } = core;
  if (!meeting?.rootSent || !meeting.rootCame || meeting.step !== 'admitted') return;
  if (state.phase !== 'proving' || !peer) return;
  core.meeting = undefined;
  core.state = { phase: 'syncing', publicKey: state.publicKey };
  core.emit({ type: 'admitted', ...peer });
  work.pump(core);
  announce.plan(core);
}

const allowance = createAllowance(drained);

const work = createWork((core, document, byKey) => {
  const channel = channels.open(core, document);
  channel.driving = true;
  channel.byKey ||= byKey;
  if (channel.byKey) repair.start(core, channel);
  else exchange.begin(core, channel);
});

const announce = createAnnounce({
  work,
  isFed: (core, document) => channels.get(core, document)?.feeding === true,
  progress,
});

const compare = createCompare({
  isTroubled: (core, document) => repair.isTroubled(core, document),
  concluded,
  equal(core, channel) {
    repair.equal(core, channel.document);
    announce.heard(core, channel.document);
    if (!core.source.isHot(channel.document)) channels.close(core, channel);
  },
  unequal: (core, channel) => repair.start(core, channel),
});

const repair = createRepair({
  allowance,
  done(core, channel) {
    if (channel.driving) compare.again(core, channel);
    else compare.settle(core, channel);
  },
  gaveUp(core, channel) {
    channel.due = 'no';
    channels.close(core, channel);
    concluded(core, channel);
  },
});

const exchange = createExchange({
  allowance,
  answered(core, channel) {
    announce.heard(core, channel.document);
    progress(core);
  },
  settle(core, channel) {
    compare.settle(core, channel);
    recheck.stir(core);
  },
});

/** Something is on its way to the peer. */
const isTelling = (core: Core): boolean =>
  work.size(core) > 0 || announce.size(core) > 0 || core.sent > core.stored;
const isBusy = (core: Core): boolean => isTelling(core) || inbox.size(core) > 0;

const inventory = createInventory({
  work,
  compared(core, equal, logs) {
    const first = core.comparedAt === undefined;
    // What is under way is the difference, or a part of it.
    if (!equal && !first && isBusy(core)) return;
    if (!first) recheck.compared(core, equal);
    core.equal = equal;
    core.comparedAt = core.options.now();
    if (!equal) return;
    core.emit({ type: 'equal', logs });
    repair.allEqual(core);
    announce.allEqual(core);
  },
  synced,
  busy: isTelling,
});

const recheck = createRecheck({ ask: inventory.ask, busy: isBusy });

const handshake = createHandshake((core) => {
  core.tracking = true;
  inventory.start(core, () => {
    if (core.meeting) core.meeting.rootSent = true;
    meet(core);
  });
});

const dispatch = createDispatch({
  allowance,
  handshake,
  inventory,
  announce,
  exchange,
  compare,
  repair,
  onFirstRoot(core, root) {
    meet(core);
    inventory.onFirstRoot(core, root);
  },
  synced,
  stored: progress,
});

/** Not known to be at the peer, or on its way there. */
function isPending(core: Core, document: string): boolean {
  if (announce.isPending(core, document) || work.isQueued(core, document)) return true;
  if (repair.isTroubled(core, document)) return true;
  const channel = channels.get(core, document);
  if (work.isRunning(core, document) && (!channel?.feeding || channel.byKey)) return true;
  return channel !== undefined && exchange.isBehind(channel);
}

function pending(core: Core): Set<string> {
  const documents = [...work.documents(core), ...announce.documents(core), ...repair.documents(core)];
  for (const channel of channels.all(core)) documents.push(channel.document);
  return new Set(documents.filter((document) => isPending(core, document)));
}

function update(core: Core, { document, update: bytes, origin }: DurableUpdate): void {
  if (!core.tracking || origin === core.options.id || !core.alive()) return;
  const channel = channels.get(core, document);
  if (channel && exchange.update(core, channel, bytes)) return;
  if (channel?.byKey || !core.source.isHot(document)) announce.touch(core, document);
  else {
    work.add(core, document, document.startsWith('log/members/') ? 0 : 1, false);
    work.pump(core);
  }
}

/** True once all that is durable here at the call is durable at the peer. */
function mark(core: Core): () => boolean {
  let left = core.state.phase === 'live' ? pending(core) : undefined;
  let until: number | undefined;
  let done = false;
  return () => {
    if (done) return true;
    if (core.state.phase !== 'live') return false;
    left ??= pending(core);
    for (const document of left) if (!isPending(core, document)) left.delete(document);
    if (left.size > 0) return false;
    until ??= core.sent;
    done = core.stored >= until;
    return done;
  };
}

const statusOf = (core: Core): SessionStatus => ({
  state: core.state,
  syncing: pending(core).size,
  open: channels.size(core),
  sent: core.sent,
  stored: core.stored,
  received: core.received,
  acknowledgedAt: core.acknowledgedAt,
  equal: core.equal,
  comparedAt: core.comparedAt,
  lagging: outbox.lagging(core) > 0,
});

function receive(core: Core, hello: Uint8Array, frame: Uint8Array): void {
  if (!core.alive()) return;
  core.heard = core.options.now();
  const read = decodeFrame(frame);
  if (read.kind === 'bad') core.close(read.code, read.reason);
  else if (read.kind === 'control') dispatch.control(core, hello, read.message);
  else if (read.kind === 'document') dispatch.document(core, read.alias, read.message);
}

/** Done with each pulse. */
function beat(core: Core): void {
  announce.giveUp(core);
  allowance.forget(core);
}

function drained(core: Core): void {
  if (!core.alive() || core.congested()) return;
  exchange.drained(core);
  presence.tell(core);
  heads.tell(core);
  announce.plan(core);
  work.pump(core);
}

/**
 * One connection of a replica to a peer: docs/spec/sync.md. It says hello at once. The parts are in `session/`; each
 * message is given to the one that it is for, if its time has come.
 */
export function createSession(options: SessionOptions): Session {
  const core = new Core(options);
  const hello = options.random(32);
  if (options.opening) hello.set(options.opening.subarray(0, openingBytes));
  const session: Session = {
    id: options.id,
    role: options.role,
    hello,
    receive: (frame) => receive(core, hello, frame),
    drained: () => drained(core),
    closed: (code, reason) => core.closed(code, reason),
    close: (code, reason) => core.close(code, reason),
    update: (durable) => update(core, durable),
    status: () => statusOf(core),
    met: () => core.peer,
    mark: () => mark(core),
  };
  startPulse(core, beat);
  handshake.start(core, hello);
  return session;
}

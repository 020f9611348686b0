import type { DurableUpdate } from './port.ts';
import { createAnnounce } from './session/announce.ts';
import { type Channel, createChannels } from './session/channels.ts';
import { createCompare } from './session/compare.ts';
import { createCore } from './session/core.ts';
import { createDispatch } from './session/dispatch.ts';
import { createExchange } from './session/exchange.ts';
import { createHandshake } from './session/handshake.ts';
import { createInbox } from './session/inbox.ts';
import { createInventory } from './session/inventory.ts';
import { createOutbox } from './session/outbox.ts';
import { createPulse } from './session/pulse.ts';
import { createRepair } from './session/repair.ts';
import type { Session, SessionOptions, SessionStatus } from './session/types.ts';
import { createWork } from './session/work.ts';
import { decodeFrame } from './wire.ts';

export type * from './session/types.ts';

/**
 * One connection of a replica to a peer: docs/spec/sync.md. The parts are in `session/`; here they are joined, and
 * each message is given to the one that it is for, if its time has come.
 */
export function createSession(options: SessionOptions): Session {
  const core = createCore(options);
  const { source } = core;
  const channels = createChannels(core);
  const inbox = createInbox(core);
  const outbox = createOutbox(core, (channel) => {
    channel.driving = true;
    exchange.begin(channel);
  });
  let tracking = false;
  let admittedKey: string | undefined;
  let rootCame = false;
  let rootSent = false;
  let acknowledgedAt: number | undefined;
  let equal: boolean | undefined;
  let comparedAt: number | undefined;

  const progress = (): void => {
    core.emit({ type: 'progress' });
    inventory.check();
  };

  const synced = (): void => {
    if (core.state.phase === 'syncing') core.state = { phase: 'live', publicKey: core.state.publicKey };
    core.emit({ type: 'synced' });
    core.emit({ type: 'progress' });
  };

  const work = createWork(
    (document, byKey) => {
      const channel = channels.open(document);
      channel.driving = true;
      channel.byKey ||= byKey;
      if (channel.byKey) repair.start(channel);
      else exchange.begin(channel);
    },
    () => core.congested(),
  );
  const announce = createAnnounce(core, {
    work,
    isFed: (document) => channels.get(document)?.feeding === true,
    progress,
  });
  const concluded = (channel: Channel): void => {
    work.finished(channel.document);
    progress();
  };
  const compare = createCompare(core, {
    channels,
    isTroubled: (document) => repair.isTroubled(document),
    concluded,
    equal(channel) {
      repair.equal(channel.document);
      announce.heard(channel.document);
      if (!source.isHot(channel.document)) channels.close(channel);
    },
    unequal: (channel) => repair.start(channel),
  });
  const repair = createRepair(core, {
    channels,
    inbox,
    outbox,
    done(channel) {
      if (channel.driving) compare.again(channel);
      else compare.settle(channel);
    },
    gaveUp(channel) {
      channel.due = 'no';
      channels.close(channel);
      concluded(channel);
    },
  });
  const exchange = createExchange(core, {
    channels,
    inbox,
    outbox,
    answered(channel) {
      announce.heard(channel.document);
      progress();
    },
    settle: compare.settle,
  });
  const inventory = createInventory(core, {
    work,
    compared(same) {
      equal = same;
      comparedAt = options.now();
      if (same) repair.allEqual();
    },
    synced,
    busy: () => work.size() > 0 || announce.size() > 0 || core.sent > core.stored,
  });
  const handshake = createHandshake(core, (publicKey) => {
    admittedKey = publicKey;
    tracking = true;
    inventory.start(() => {
      rootSent = true;
      meet();
    });
  });
  const pulse = createPulse(core, channels);

  /** Both sides are admitted, and both know. */
  function meet(): void {
    if (!rootSent || !rootCame || admittedKey === undefined || core.state.phase !== 'proving') return;
    core.state = { phase: 'syncing', publicKey: admittedKey };
    core.emit({ type: 'admitted', publicKey: admittedKey });
    work.pump();
  }

  const dispatch = createDispatch(core, {
    handshake,
    inventory,
    announce,
    channels,
    exchange,
    compare,
    repair,
    met: () => core.state.phase === 'syncing' || core.state.phase === 'live',
    onFirstRoot(root) {
      if (rootCame) return false;
      rootCame = true;
      meet();
      inventory.onFirstRoot(root);
      return true;
    },
    onSynced: synced,
    onStored(count) {
      core.stored = count;
      acknowledgedAt = options.now();
      core.emit({ type: 'progress' });
    },
  });

  /** Not known to be at the peer, or on its way there. */
  function isPending(document: string): boolean {
    if (announce.isPending(document) || work.isQueued(document) || repair.isTroubled(document)) return true;
    const channel = channels.get(document);
    if (work.isRunning(document) && (!channel?.feeding || channel.byKey)) return true;
    return channel !== undefined && exchange.isBehind(channel);
  }

  function pending(): Set<string> {
    const documents = [...work.documents(), ...announce.documents(), ...repair.documents()];
    for (const channel of channels.all()) documents.push(channel.document);
    return new Set(documents.filter(isPending));
  }

  function update({ document, update: bytes, origin }: DurableUpdate): void {
    if (!tracking || origin === options.id || !core.alive()) return;
    const channel = channels.get(document);
    if (channel && exchange.update(channel, bytes)) return;
    if (channel?.byKey || !source.isHot(document)) announce.touch(document);
    else {
      work.add(document, document.startsWith('log/members/') ? 0 : 1, false);
      if (core.state.phase !== 'proving') work.pump();
    }
  }

  const session: Session = {
    id: options.id,
    role: options.role,
    hello: handshake.random,
    receive(frame) {
      if (!core.alive()) return;
      pulse.heard();
      const read = decodeFrame(frame);
      if (read.kind === 'bad') core.close(read.code, read.reason);
      else if (read.kind === 'control') dispatch.control(read.message);
      else if (read.kind === 'document') dispatch.document(read.alias, read.message);
    },
    drained() {
      if (!core.alive() || core.congested()) return;
      outbox.drained();
      announce.drained();
      work.pump();
    },
    closed: core.closed,
    close: core.close,
    update,
    status: (): SessionStatus => ({
      state: core.state,
      syncing: pending().size,
      open: channels.size(),
      sent: core.sent,
      stored: core.stored,
      received: core.received,
      acknowledgedAt,
      equal,
      comparedAt,
      lagging: outbox.lagging() > 0,
    }),
    mark() {
      let left = core.state.phase === 'live' ? pending() : undefined;
      let until: number | undefined;
      let done = false;
      return () => {
        if (done) return true;
        if (core.state.phase !== 'live') return false;
        left ??= pending();
        for (const document of left) if (!isPending(document)) left.delete(document);
        if (left.size > 0) return false;
        until ??= core.sent;
        done = core.stored >= until;
        return done;
      };
    },
  };
  handshake.start();
  return session;
}

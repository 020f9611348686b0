import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { emptyUpdate, emptyVector } from '../../log/empty.ts';
import type { Received } from '../port.ts';
import type { DocumentMessage } from '../wire.ts';
import type { Allowance } from './allowance.ts';
import { type Channel, channels } from './channels.ts';
import type { Core } from './core.ts';
import { inbox } from './inbox.ts';
import { outbox } from './outbox.ts';

/** Updates that are kept while an answer is made; with more the document lags and is begun again. */
const heldUpdates = 4096;
/** Steps 1 of one document, and bytes of state vectors of all, that wait for their answers; an honest peer has a few. */
const mostSteps = 4096;
const mostWanted = 16 * 1024 * 1024;

/**
 * State vectors and updates of one document, in both directions. A step 1 that is not the answer to one is answered
 * with a step 1, so each exchange brings both sides what they lack.
 */
export function createExchange(parts: {
  readonly allowance: Allowance;
  /** The other side has, or was sent, all that is durable here. */
  readonly answered: (core: Core, channel: Channel) => void;
  /** Something changed that a digest may wait for. */
  readonly settle: (core: Core, channel: Channel) => void;
}) {
  function ask(core: Core, channel: Channel): void {
    channel.awaiting++;
    channel.asking = true;
    if (channel.due === 'no') channel.due = 'say';
    channels.run(core, channel, async () => {
      channel.asking = false;
      // The other side closed it meanwhile.
      if (channel.awaiting === 0) return;
      const vector = await core.source.stateVector(channel.document);
      const stateVector = vector.length > muxProtocol.vectorBytes ? emptyVector : vector;
      channels.send(core, channel, { type: 'step1', stateVector });
    });
  }

  /** Sends parts that fit; false when one does not. */
  function sendParts(core: Core, channel: Channel, update: Uint8Array, last: 'step2' | 'update'): boolean {
    const { updateBytes } = muxProtocol;
    const parts = update.length > updateBytes ? core.options.slice(update, updateBytes) : [update];
    const fit = parts.every((part) => part.length <= updateBytes);
    if (fit)
      parts.forEach((part, i) => {
        channels.send(core, channel, { type: i === parts.length - 1 ? last : 'update', update: part }, true);
      });
    return fit && parts.length > 0;
  }

  /** False for what cannot be cut: its digest finds it, and it goes by key. */
  function forward(core: Core, channel: Channel, update: Uint8Array): boolean {
    if (channel.lagging) return true;
    if (core.congested()) outbox.lag(core, channel);
    else if (!sendParts(core, channel, update, 'update')) channel.byKey = true;
    return !channel.byKey;
  }

  const sendEmpty = (core: Core, channel: Channel): void =>
    channels.send(core, channel, { type: 'step2', update: emptyUpdate }, true);

  function answer(core: Core, channel: Channel): void {
    channels.run(core, channel, async () => {
      const steps = channel.answering;
      const stateVector = channels.takeWanted(core, channel);
      if (!stateVector) return;
      const update = await core.source.diff(channel.document, stateVector);
      // The other side left, and waits for nothing.
      if (channel.answering < steps) return;
      // Each is answered; the last answer has what all of them lack.
      for (let before = 1; before < steps; before++) sendEmpty(core, channel);
      if (!sendParts(core, channel, update, 'step2')) {
        channel.byKey = true;
        sendEmpty(core, channel);
      }
      parts.allowance.answered(core, channel.document, update.length);
      channel.answering -= steps;
      if (channel.answering > 0) return;
      const { held = [] } = channel;
      channel.held = undefined;
      channel.feeding = true;
      for (const one of held) forward(core, channel, one);
      // Too much was held; the transport may never have been full.
      if (channel.lagging) outbox.drained(core, resume);
      parts.answered(core, channel);
      parts.settle(core, channel);
    });
  }

  function onStep1(core: Core, channel: Channel, stateVector: Uint8Array): void {
    const isPlanned = channel.wanted !== undefined;
    channels.takeWanted(core, channel);
    // Not a view of what may be a larger buffer.
    channel.wanted = stateVector.slice();
    core.wanted += stateVector.length;
    if (++channel.answering > mostSteps || core.wanted > mostWanted) {
      core.close(closeCodes.busy, 'more is asked than is answered');
      return;
    }
    if (channel.asked) channel.asked = false;
    else if (!channel.asking) ask(core, channel);
    if (isPlanned) return;
    const begin = (): void => {
      if (channel.wanted === undefined) return;
      // What becomes durable from here on is perhaps not in the answer.
      channel.held ??= [];
      answer(core, channel);
    };
    outbox.whenClear(core, begin);
  }

  function onStored(
    core: Core,
    channel: Channel,
    last: boolean,
    received: Received & { ok: true },
    settle: () => void,
  ): boolean {
    const { document } = channel;
    if (received.released > 0) core.emit({ type: 'released', document, parts: received.released });
    if (received.parked > 0) core.emit({ type: 'parked', document, parts: received.parked });
    if (last && channel.awaiting > 0) channel.awaiting--;
    const whole = channel.awaiting === 0;
    if (received.parked > 0 && !(last && whole)) {
      // It waits for what came another way, or not at all. It is not shown yet, so not acknowledged.
      channel.parked.push(settle);
      if (whole) again(core, channel);
      return false;
    }
    if (last && whole) for (const one of channel.parked.splice(0)) one();
    // After this item counts itself.
    void Promise.resolve().then(() => parts.settle(core, channel));
    return true;
  }

  /** Asks for what was parked, unless it comes by itself. */
  function again(core: Core, channel: Channel): void {
    if (channel.planned) return;
    channel.planned = true;
    core.later(core.jitter(50, 150), () => {
      channel.planned = false;
      if (channel.parked.length > 0) begin(core, channel);
      else parts.settle(core, channel);
    });
  }

  function begin(core: Core, channel: Channel): void {
    // The answer to a step 1 that is out already covers it.
    if (channel.asked) return;
    channel.asked = true;
    ask(core, channel);
  }

  /** What lagged is begun again, by this side. */
  function resume(core: Core, channel: Channel): void {
    channel.driving = true;
    begin(core, channel);
  }

  return {
    begin,
    onStep1,
    onUpdate(
      core: Core,
      channel: Channel,
      { type, update }: Extract<DocumentMessage, { type: 'step2' | 'update' }>,
    ): void {
      channel.touched = core.options.now();
      inbox.add(
        core,
        channel,
        update.length,
        () => core.source.receive(channel.document, update, core.options.id),
        (received, settle) => onStored(core, channel, type === 'step2', received, settle),
      );
    },
    /** An update became durable here: true when the other side gets it, now or in an answer that is to come. */
    update(core: Core, channel: Channel, update: Uint8Array): boolean {
      if (channel.byKey) return false;
      if (channel.lagging || channel.asked) return true;
      if (channel.held) {
        channel.held.push(update);
        if (channel.held.length > heldUpdates) {
          channel.held = [];
          outbox.lag(core, channel);
        }
        return true;
      }
      if (channel.answering > 0) return true;
      return channel.feeding && forward(core, channel, update);
    },
    drained: (core: Core): void => outbox.drained(core, resume),
    /** Not everything that is durable here has been sent. */
    isBehind: (channel: Channel): boolean => channel.lagging || channel.asked || channel.answering > 0,
  };
}

export type Exchange = ReturnType<typeof createExchange>;

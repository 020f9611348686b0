import { closeCodes } from '../../../schemas/protocol.ts';
import type { ControlMessage, DocumentMessage } from '../wire.ts';
import type { Announce } from './announce.ts';
import type { Channels } from './channels.ts';
import type { Compare } from './compare.ts';
import type { Core } from './core.ts';
import type { Exchange } from './exchange.ts';
import type { Handshake } from './handshake.ts';
import type { Inventory } from './inventory.ts';
import type { Repair } from './repair.ts';

type Of<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;

/** Gives each message to the part that it is for, if its time has come; else the session closes. */
export function createDispatch(
  core: Core,
  parts: {
    readonly handshake: Handshake;
    readonly inventory: Inventory;
    readonly announce: Announce;
    readonly channels: Channels;
    readonly exchange: Exchange;
    readonly compare: Compare;
    readonly repair: Repair;
    /** Both sides are admitted, and both know. */
    readonly met: () => boolean;
    /** False when it came already. */
    readonly onFirstRoot: (root: Of<'root'>) => boolean;
    readonly onSynced: () => void;
    readonly onStored: (count: number) => void;
  },
) {
  const { handshake, inventory, announce, channels, exchange, compare, repair } = parts;
  const dials = core.options.role === 'dial';
  const outOfTurn = (type: string): void => core.close(closeCodes.malformed, `${type} out of turn`);

  function root(message: Of<'root'>): void {
    if (parts.met()) inventory.onRoot(message);
    else if (!handshake.proven() || !parts.onFirstRoot(message)) outOfTurn('root');
  }

  function segments(message: Of<'segments'>): void {
    const { changed, from, to, segments } = message;
    if (!changed) {
      if (dials) inventory.onSegments(message);
      else outOfTurn('segments');
    } else if (from < 1 || from !== to || segments.length !== 1 || segments[0]?.n !== from)
      outOfTurn('segments');
    else void core.work(() => announce.onChanged(message));
  }

  function stored({ count }: Of<'stored'>): void {
    if (count < core.stored || count > core.sent) outOfTurn('stored');
    else parts.onStored(count);
  }

  /** Messages that may come at any time; false for the others. */
  function early(message: ControlMessage): boolean {
    switch (message.type) {
      case 'hello':
      case 'prove':
      case 'ask':
      case 'credentials':
        handshake.receive(message);
        return true;
      case 'root':
        root(message);
        return true;
      case 'ping':
        core.send({ type: 'pong', number: message.number });
        return true;
      case 'pong':
        return true;
      case 'bye':
        core.closed(message.code, message.reason);
        return true;
      default:
        return false;
    }
  }

  /** Messages of one side alone. */
  function sided(message: ControlMessage): void {
    if (message.type === 'logs' && !dials) inventory.onLogs(message);
    else if (message.type === 'listed' && dials) inventory.onListed();
    else if (message.type === 'synced' && !dials) parts.onSynced();
    else outOfTurn(message.type);
  }

  return {
    control(message: ControlMessage): void {
      if (early(message)) return;
      if (!parts.met()) outOfTurn(message.type);
      else if (message.type === 'segments') segments(message);
      else if (message.type === 'name') channels.named(message.alias, message.document);
      else if (message.type === 'close') channels.closed(message.alias);
      else if (message.type === 'stored') stored(message);
      else sided(message);
    },

    document(alias: number, message: DocumentMessage): void {
      const channel = channels.at(alias);
      if (channel === null) return;
      if (!parts.met() || channel === undefined) {
        outOfTurn(message.type);
        return;
      }
      channel.touched = core.options.now();
      switch (message.type) {
        case 'step1':
          exchange.onStep1(channel, message.stateVector);
          break;
        case 'step2':
        case 'update':
          exchange.onUpdate(channel, message);
          break;
        case 'digest':
          compare.onDigest(channel, message);
          break;
        case 'keys':
          repair.onKeys(channel, message.keys);
          break;
        case 'want':
          repair.onWant(channel, message.keys);
          break;
        case 'entries':
          repair.onEntries(channel, message);
          break;
      }
    },
  };
}

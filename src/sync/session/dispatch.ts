import type { ControlMessage, DocumentMessage } from '../wire.ts';
import { type Allowance, costOf } from './allowance.ts';
import { type Channel, channels } from './channels.ts';
import type { Core } from './core.ts';
import type { Announce } from './digests/announce.ts';
import type { Compare } from './digests/compare.ts';
import type { Inventory } from './digests/inventory.ts';
import type { Repair } from './digests/repair.ts';
import type { Exchange } from './exchange.ts';
import type { Handshake } from './handshake.ts';
import { heads, presence } from './telling.ts';

type Of<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;

/** Gives each message to the part that it is for, if its time has come; else the session closes. */
export function createDispatch(parts: {
  readonly allowance: Allowance;
  readonly handshake: Handshake;
  readonly inventory: Inventory;
  readonly announce: Announce;
  readonly exchange: Exchange;
  readonly compare: Compare;
  readonly repair: Repair;
  readonly onFirstRoot: (core: Core, root: Of<'root'>) => void;
  readonly synced: (core: Core) => void;
  /** The peer stored more. */
  readonly stored: (core: Core) => void;
}) {
  const { handshake, inventory, announce, exchange, compare, repair } = parts;
  const dials = ({ options }: Core): boolean => options.role === 'dial';

  /** True for what this side asked for; any other message may come whether or not it is answered. */
  function isAnswer({ asked, awaiting, round }: Channel, message: DocumentMessage): boolean {
    switch (message.type) {
      case 'step1':
        return asked;
      case 'step2':
      case 'update':
        return awaiting > 0;
      case 'keys':
        return round?.keysGot === false;
      case 'want':
        return round !== undefined && round.served < round.pages;
      case 'entries':
        return round !== undefined && round.wanting > 0;
      default:
        return false;
    }
  }

  function root(core: Core, message: Of<'root'>): void {
    if (core.met()) inventory.onRoot(core, message);
    else if (handshake.takesRoot(core)) parts.onFirstRoot(core, message);
    else core.outOfTurn('root');
  }

  function segments(core: Core, message: Of<'segments'>): void {
    const { told, from, to, segments } = message;
    if (told === 'asked') {
      if (dials(core)) inventory.onSegments(core, message);
      else core.outOfTurn('segments');
    } else if (from < 1 || from !== to || segments.length !== 1 || segments[0]?.n !== from)
      core.outOfTurn('segments');
    else if (told === 'heard') announce.onHeard(core, message);
    else void core.work(() => announce.onChanged(core, message));
  }

  function stored(core: Core, { count }: Of<'stored'>): void {
    if (count < core.stored || count > core.sent) core.outOfTurn('stored');
    else {
      if (count > core.stored) core.unstored = undefined;
      core.stored = count;
      core.acknowledgedAt = core.options.now();
      parts.stored(core);
    }
  }

  /** Messages that may come at any time; false for the others. */
  function early(core: Core, own: Uint8Array, message: ControlMessage): boolean {
    switch (message.type) {
      case 'hello':
      case 'prove':
      case 'ask':
      case 'credentials':
        handshake.receive(core, own, message);
        return true;
      case 'root':
        root(core, message);
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
  function sided(core: Core, message: ControlMessage): void {
    if (message.type === 'logs' && !dials(core)) inventory.onLogs(core, message);
    else if (message.type === 'listed' && dials(core)) inventory.onListed(core);
    else if (message.type === 'synced' && !dials(core)) parts.synced(core);
    else core.outOfTurn(message.type);
  }

  return {
    /** `own`: this side's random bytes. */
    control(core: Core, own: Uint8Array, message: ControlMessage): void {
      parts.allowance.spend(core, costOf(message));
      if (early(core, own, message)) return;
      if (!core.met()) core.outOfTurn(message.type);
      else if (message.type === 'segments') segments(core, message);
      else if (message.type === 'name') channels.named(core, message.alias, message.document);
      else if (message.type === 'close') channels.closed(core, message.alias);
      else if (message.type === 'stored') stored(core, message);
      else if (message.type === 'presence') presence.taken(core, message.statements);
      else if (message.type === 'heads') heads.taken(core, message.statements);
      else sided(core, message);
    },

    document(core: Core, alias: number, message: DocumentMessage): void {
      const channel = channels.at(core, alias);
      if (channel === null) return;
      if (!core.met() || channel === undefined) {
        core.outOfTurn(message.type);
        return;
      }
      channel.touched = core.options.now();
      parts.allowance.spend(core, costOf(message));
      if (isAnswer(channel, message)) core.answered();
      switch (message.type) {
        case 'step1':
          exchange.onStep1(core, channel, message.stateVector);
          break;
        case 'step2':
        case 'update':
          exchange.onUpdate(core, channel, message);
          break;
        case 'digest':
          compare.onDigest(core, channel, message);
          break;
        case 'keys':
          repair.onKeys(core, channel, message);
          break;
        case 'want':
          repair.onWant(core, channel, message.keys);
          break;
        case 'entries':
          repair.onEntries(core, channel, message);
          break;
      }
    },
  };
}

import type { ControlMessage, DocumentMessage } from '../wire.ts';
import type { Core } from './core.ts';

/**
 * What a peer may make this side do in a second: bytes that are sent to it because it asks again, and so much for each
 * message and for each item that is looked at. Data that comes does not count: whether it can be stored bounds it. Nor
 * does the first answer of a document, however large: who joins asks for all of them, once.
 */
const perSecond = 8 * 1024 * 1024;
const second = 1000;
/** A debt is forgiven after this: one answer may be larger than all that. */
const longest = 30;

/** What things cost, bytes. */
export const costs = {
  message: 512,
  /** A document is opened for a step 1, a digest of everything is made for a root. */
  step: 4 * 1024,
  root: 16 * 1024,
  /** A log of which digests are compared; a key that is looked for, and an entry that is read. */
  log: 512,
  key: 64,
  /** A signature that is checked. */
  statement: 32 * 1024,
} as const;

/** What a message costs whoever sent it, for being looked at. */
export function costOf(message: ControlMessage | DocumentMessage): number {
  switch (message.type) {
    case 'step2':
    case 'update':
    case 'entries':
      return 0;
    case 'step1':
      return costs.step;
    case 'root':
      return costs.root;
    case 'logs':
      return costs.message + costs.log * message.logs.length;
    case 'segments':
      return message.told === 'changed' ? costs.step : costs.message;
    case 'keys':
    case 'want':
      return costs.message + costs.key * message.keys.length;
    case 'presence':
    case 'heads':
      return costs.message + costs.statement * message.statements.length;
    default:
      return costs.message;
  }
}

/** What a session has used up of its allowance. It is there while something is. */
export interface Used {
  bytes: number;
  spent: boolean;
  /** Documents that were answered lately. */
  readonly answered: Set<string>;
}

/** `refilled` is called when a peer that had asked for too much is read again. */
export function createAllowance(refilled: (core: Core) => void) {
  function refill(core: Core, used: Used): void {
    used.bytes = Math.max(0, used.bytes - perSecond);
    if (used.bytes > 0) core.later(second, () => refill(core, used));
    if (!used.spent || used.bytes > 0) return;
    used.spent = false;
    core.resume('asks');
    refilled(core);
  }

  function usedOf(core: Core): Used {
    core.used ??= { bytes: 0, spent: false, answered: new Set() };
    return core.used;
  }

  function spend(core: Core, bytes: number): void {
    if (bytes === 0) return;
    const used = usedOf(core);
    if (used.bytes === 0) core.later(second, () => refill(core, used));
    used.bytes = Math.min(used.bytes + bytes, perSecond * longest);
    if (used.spent || used.bytes <= perSecond) return;
    used.spent = true;
    core.pause('asks');
  }

  return {
    spend,
    /** A document was answered with so many bytes. */
    answered(core: Core, document: string, bytes: number): void {
      const { answered } = usedOf(core);
      if (answered.has(document)) spend(core, bytes);
      // What is not here costs nothing, and has any number of names.
      else if (bytes > costs.message) answered.add(document);
    },
    /** By and by what was answered may be asked for again. */
    forget(core: Core): void {
      if (core.used?.bytes === 0) core.used = undefined;
    },
  };
}

export type Allowance = ReturnType<typeof createAllowance>;

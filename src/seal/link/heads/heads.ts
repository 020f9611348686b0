import type { Hash } from '../../../../schemas/index.ts';
import type { Crypto, Signer } from '../../../op/index.ts';
import type { HeadsStatement, HeadsStatements, SessionId } from '../../../sync/port.ts';
import { type HeadsStated, nameOfStated, readStated, statedBytes, statedDocuments } from './statement.ts';
import { createWatch, type HeadsWatch, type OwnWatch, type WatchOptions } from './watch.ts';

export type { HeadsWatch, WatchOptions } from './watch.ts';

/** Between two statements of one mailbox, ms. */
export const statedEvery = 3_000;
/** Mailboxes of which one replica speaks. */
const mailboxesOfOne = 4;
/** Statements that wait for what the members log does not say yet. */
const mostWaiting = 64;

/**
 * What replicas tell each other, past the relay, of how far they read at it: a relay that shows one of them less than
 * another, or something else, is found out.
 */
export interface Heads extends HeadsStatements {
  /** A session with a sealed relay begins. */
  watch(options: WatchOptions): HeadsWatch;
  /** The members log may say more, or less. */
  look(): void;
  close(): void;
}

export interface HeadsOptions {
  readonly workspace: Hash;
  readonly signer: Signer;
  readonly crypto: Pick<Crypto, 'verify'>;
  /** The Ed25519 key of a replica; undefined while it is not known. */
  readonly keyOf: (replica: Hash) => string | undefined;
  readonly isInForce: (replica: Hash) => boolean;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}

interface Held {
  readonly stated: HeadsStated;
  readonly statement: HeadsStatement;
}

interface Own {
  readonly options: WatchOptions;
  readonly watch: OwnWatch;
  stop(): void;
}

export function createHeads(options: HeadsOptions): Heads {
  const { workspace, signer, crypto, now, timer } = options;
  const listeners = new Set<(name: string, origin: SessionId | undefined) => void>();
  const held = new Map<string, Held>();
  const waiting = new Map<string, { readonly statement: HeadsStatement; readonly from: SessionId }>();
  const watches = new Set<Own>();
  let clock = 0;

  /** Keeps the newest of each name, and few of each replica. False for one that is not newer. */
  function keep(name: string, one: Held): boolean {
    if ((held.get(name)?.stated.at ?? -1) >= one.stated.at) return false;
    held.delete(name);
    held.set(name, one);
    const ofOne = [...held].filter(([, { stated }]) => stated.replica === one.stated.replica);
    for (const [older] of ofOne.slice(0, -mailboxesOfOne)) held.delete(older);
    return true;
  }

  function told(name: string, origin: SessionId | undefined): void {
    for (const listener of [...listeners]) listener(name, origin);
  }

  function compare({ options: { incarnation }, watch }: Own, { stated }: Held): void {
    if (stated.incarnation !== incarnation || stated.replica === signer.id) return;
    for (const [document, offset, chain] of stated.documents)
      watch.claimed(stated.replica, document, { offset, chain });
  }

  async function state({ options: { relay, mailbox, incarnation }, watch }: Own): Promise<void> {
    const documents = [...watch.last]
      .slice(-statedDocuments)
      .map(([document, { offset, chain }]): [string, number, string] => [document, offset, chain]);
    clock = Math.max(now(), clock + 1);
    const stated: HeadsStated = {
      ...{ v: 1, replica: signer.id, relay, mailbox, incarnation, at: clock },
      documents,
    };
    const text = JSON.stringify(stated);
    const sig = await signer.sign(statedBytes(workspace, text));
    const name = nameOfStated(stated);
    if (keep(name, { stated, statement: { text, sig } })) told(name, undefined);
  }

  function wait(name: string, statement: HeadsStatement, from: SessionId): void {
    waiting.delete(name);
    waiting.set(name, { statement, from });
    const [oldest] = waiting.keys();
    if (waiting.size > mostWaiting && oldest !== undefined) waiting.delete(oldest);
  }

  async function judge(statement: HeadsStatement, from: SessionId): Promise<void> {
    const { text, sig } = statement;
    const stated = readStated(text);
    // What this replica said comes back to it.
    if (!stated || stated.replica === signer.id) return;
    const name = nameOfStated(stated);
    if ((held.get(name)?.stated.at ?? -1) >= stated.at) return;
    const key = options.keyOf(stated.replica);
    if (key === undefined) return wait(name, statement, from);
    if (!(await crypto.verify(key, statedBytes(workspace, text), sig))) return;
    if (!options.isInForce(stated.replica)) return;
    const one: Held = { stated, statement: { text, sig } };
    if (!keep(name, one)) return;
    for (const own of watches) compare(own, one);
    told(name, from);
  }

  return {
    watch(watched) {
      let cancel: (() => void) | undefined;
      const own: Own = {
        options: watched,
        watch: createWatch({
          ...watched,
          now,
          timer,
          onMoved() {
            cancel ??= timer(() => {
              cancel = undefined;
              // Where it can't be signed the others are told of later records.
              state(own).catch(() => undefined);
            }, statedEvery);
          },
          onClose() {
            own.stop();
            watches.delete(own);
          },
        }),
        stop: () => cancel?.(),
      };
      watches.add(own);
      for (const one of held.values()) compare(own, one);
      return own.watch;
    },
    look() {
      const all = [...waiting.values()];
      waiting.clear();
      for (const { statement, from } of all) judge(statement, from).catch(() => undefined);
      for (const [name, { stated }] of held) if (!options.isInForce(stated.replica)) held.delete(name);
    },
    close() {
      for (const { watch } of [...watches]) watch.close();
      listeners.clear();
    },
    names: () => [...held.keys()],
    named: (name) => held.get(name)?.statement,
    async take(statement, from) {
      await judge(statement, from).catch(() => undefined);
    },
    onNew(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

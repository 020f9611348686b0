import { CoterieError, type Entry, type Hash, limits, type OperationTypeName } from '../../schemas/index.ts';
import { parseDocumentName } from '../log/name.ts';
import {
  type Crypto,
  createClock,
  entryKey,
  makeHeader,
  type Signer,
  sealEntry,
  withTexts,
} from '../op/index.ts';
import type { View } from './view.ts';

/** The map of a log document that takes entries: any `Y.Map`. */
export interface WritableMap {
  set(key: string, value: Entry): unknown;
}

/** What someone wants to write; the rest of the header follows from the view. */
export interface Draft {
  readonly type: OperationTypeName;
  /** The thing it is about; absent in a creation. */
  readonly subject?: Hash | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Text that can be removed. */
  readonly body?: Readonly<Record<string, string | undefined>> | undefined;
  /** Heads that the decision was based on; those of the view unless given. */
  readonly base?: readonly Hash[] | undefined;
}

/** Writes operations of one admitted key into the maps of log documents. */
export interface Author {
  /** The replica that the key makes. */
  readonly id: Hash;
  /**
   * Makes one operation, chained to this key's last in the log, and sets it in the map. Resolves with its hash once
   * it is set; that it is durable elsewhere is the connection's to say. `view` must hold this key's newest operations of the
   * log, or the chain forks. Throws `invalid` or `too_large` for what is no operation.
   */
  write(
    view: View,
    target: { readonly document: string; readonly ops: WritableMap },
    draft: Draft,
  ): Promise<Hash>;
}

interface Head {
  readonly seq: number;
  readonly hash: Hash;
  /** Heads of the members log as the chain last carried them. */
  readonly members: string;
}

/** This key's last operation in a log, of those in the view. */
function headIn(view: View, log: string, replica: Hash): Head | undefined {
  let last: { seq: number; hash: Hash } | undefined;
  let carried: { seq: number; members: string } | undefined;
  for (const { hash, entry } of view.operations.values()) {
    const { header } = entry;
    if (header.log !== log || header.replica !== replica) continue;
    if (!last || header.seq > last.seq) last = { seq: header.seq, hash };
    if (header.members && (!carried || header.seq > carried.seq))
      carried = { seq: header.seq, members: header.members.join(',') };
  }
  return last && { ...last, members: carried?.members ?? '' };
}

/**
 * An author for one Ed25519 key. `member`: for whom it speaks; the members log must say so. `now`: wall clock, ms.
 * One author a key at a time: two would fork its chains.
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from 'coterie/keys';
 * import { createAuthor, createClock, entryKey, makeGenesis, memberIdOf, proveAdmission, readView } from 'coterie/log';
 * import type { Entry } from 'coterie/schemas';
 * import * as Y from 'yjs';
 *
 * // A workspace in a document of one's own: its genesis names the machine's key as owner.
 * const members = { document: 'log/members/1', ops: new Y.Doc().getMap<Entry>('ops') };
 * const tasks = { document: 'log/tasks/1', ops: new Y.Doc().getMap<Entry>('ops') };
 * const machine = signerFromSeed(generateSeed());
 * const seed = generateSeed();
 * const signer = signerFromSeed(seed);
 * const around = { now: Date.now, random: randomBytes };
 * const stamp = createClock({ ...around, replica: machine.id }).next();
 * const genesis = await makeGenesis(nodeCrypto, { ...around, machine, name: 'team', arbiter: signer.id, stamp });
 * const workspace = genesis.hash;
 * members.ops.set(entryKey(nodeCrypto, workspace, genesis.entry.sig), genesis.entry);
 * const look = () => readView({ crypto: nodeCrypto, workspace, maps: [members, tasks] });
 *
 * // The machine admits a key, and the key makes the member that it speaks for.
 * const about = { ...around, crypto: nodeCrypto, signer, workspace };
 * const key = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
 * const proof = await proveAdmission(machine, { workspace, ...key });
 * const replica = createAuthor(about);
 * await replica.write(await look(), members, { type: 'replica.admit', data: { ...key, ...proof } });
 * const kai = { handle: 'kai', kind: 'agent', machine: machine.publicKey };
 * await replica.write(await look(), members, { type: 'member.create', data: kai });
 *
 * const author = createAuthor({ ...about, member: memberIdOf(nodeCrypto, workspace, machine.publicKey, 'kai') });
 * const task = { type: 'task.create', data: { short: 'kai-1' }, body: { title: 'Sort the sources' } } as const;
 * const id = await author.write(await look(), tasks, task);
 * const made = (await look()).things.get(id);
 * console.log(made?.kind === 'task' && made.short); //=> kai-1
 * ```
 */
export function createAuthor(options: {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly signer: Signer;
  readonly workspace: Hash;
  readonly member?: Hash | undefined;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}): Author {
  const { crypto, signer, workspace, member, now, random } = options;
  const clock = createClock({ now, random, replica: signer.id });
  const heads = new Map<string, Head>();
  let turn: Promise<unknown> = Promise.resolve();

  const write: Author['write'] = async (view, { document, ops }, draft) => {
    const log = parseDocumentName(document)?.log;
    if (log === undefined) throw new CoterieError('invalid', `${document} is not the name of a log document`);
    const seen = headIn(view, log, signer.id);
    const own = heads.get(log);
    const head = own && seen && seen.seq > own.seq ? seen : (own ?? seen);
    for (const { entry } of view.operations.values()) clock.observe(entry.header.stamp);
    const members = view.members.heads.slice(0, limits.heads);
    const changed =
      log !== 'members' && (draft.type === 'redact' || members.join(',') !== (head?.members ?? ''));
    const subject = draft.subject ?? '';
    const made = makeHeader(crypto, {
      stamp: clock.next(),
      workspace,
      log,
      replica: signer.id,
      ...(member === undefined ? {} : { member }),
      seq: (head?.seq ?? 0) + 1,
      prev: head?.hash ?? '',
      after: [...(draft.base ?? baseOf(view, log, subject))].slice(0, limits.heads),
      ...(changed ? { members } : {}),
      type: draft.type,
      subject,
      data: withTexts({ type: draft.type, data: draft.data ?? {}, body: draft.body }),
      body: draft.body,
      random,
    });
    const sig = await signer.sign(made.signedBytes);
    ops.set(entryKey(crypto, made.hash, sig), structuredClone(sealEntry(made.header, made.body, sig)));
    heads.set(log, {
      seq: made.header.seq,
      hash: made.hash,
      members: changed ? members.join(',') : (head?.members ?? ''),
    });
    return made.hash;
  };

  return {
    id: signer.id,
    // One after the other: each names the one before it.
    write(view, target, draft) {
      const mine = turn.then(() => write(view, target, draft));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** The whole members log is one subject; a creation is based on nothing. */
function baseOf(view: View, log: string, subject: Hash | ''): readonly Hash[] {
  if (log === 'members') return view.members.heads;
  return subject === '' ? [] : (view.things.get(subject)?.heads ?? []);
}

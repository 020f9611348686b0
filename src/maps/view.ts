import type { Body, Entry, Hash } from '../../schemas/index.ts';
import {
  type AnyState,
  defaultChannels,
  directChannel,
  foldFor,
  foldMembers,
  foldOf,
  foldSubject,
  type IsAtOrBefore,
  judge,
  type MembersState,
  type Op,
  order,
  type Verdict,
} from '../fold/index.ts';
import { parseDocumentName } from '../log/name.ts';
import type { OpsMap } from '../log/read.ts';
import {
  type Crypto,
  checkShape,
  keyId,
  logOwner,
  memberIdOf,
  type ReadEntry,
  readEntry,
  shownStamp,
  verifyAdmission,
  verifySignature,
} from '../op/index.ts';

/** A log document as any Yjs client holds it: its name, and its map `ops`. */
export interface LogMap {
  /** `log/<log>/<segment>`. */
  readonly document: string;
  readonly ops: OpsMap;
}

/** One operation that stands in the maps. */
export interface Found {
  readonly hash: Hash;
  readonly entry: Entry;
  /** `waiting`: its replica's key is in none of these maps, or a newer version made it: it cannot be judged yet. */
  readonly verdict: Verdict | { readonly state: 'waiting' };
}

/** What the given maps say, folded. It is as whole as they are: what stands in other segments is not in it. */
export interface View {
  readonly workspace: Hash;
  readonly members: MembersState;
  /** Every thing that has a creation here, and the default channels. */
  readonly things: ReadonlyMap<Hash, AnyState>;
  readonly operations: ReadonlyMap<Hash, Found>;
  /** Entries that are none: their key does not fit, or their form does not hold. */
  readonly refused: readonly { readonly key: string; readonly message: string }[];
  /** The text that an operation holds; undefined where it was removed or never was. */
  text(operation: Hash | null | undefined, field?: string): string | undefined;
}

const waiting = { state: 'waiting' } as const;

type Read = Extract<ReadEntry, { ok: true }>;

/** Keys by the replicas that they make: an id is the hash of its key, so whoever states a key proves it. */
function keysOf(crypto: Pick<Crypto, 'sha256'>, entries: Iterable<Read>): Map<Hash, string> {
  const keys = new Map<Hash, string>();
  for (const { entry } of entries) {
    for (const field of ['owner', 'key']) {
      const key = entry.header.data[field];
      if (typeof key !== 'string') continue;
      try {
        keys.set(keyId(crypto, key), key);
      } catch {
        // Some other text under that name.
      }
    }
  }
  return keys;
}

function chainsOf(reads: ReadonlyMap<Hash, Read>): IsAtOrBefore {
  return (hash, frontier) => {
    const wanted = reads.get(hash)?.entry.header;
    if (!wanted) return false;
    return frontier.some((last) => {
      let at: Hash | '' = last;
      for (let read = reads.get(last); read; read = reads.get(at)) {
        const { header } = read.entry;
        if (header.log !== wanted.log || header.replica !== wanted.replica) return false;
        if (at === hash) return true;
        if (header.seq <= wanted.seq || header.prev === '') return false;
        at = header.prev;
      }
      return false;
    });
  };
}

interface Collected {
  readonly reads: Map<Hash, Read>;
  readonly refused: { readonly key: string; readonly message: string }[];
}

/** Every entry of the maps whose form holds, once; of copies one with its body. */
function collect(crypto: Pick<Crypto, 'sha256'>, workspace: Hash, maps: readonly LogMap[]): Collected {
  const reads = new Map<Hash, Read>();
  const refused: { key: string; message: string }[] = [];
  for (const { document, ops } of maps) {
    const log = parseDocumentName(document)?.log;
    for (const [key, value] of ops.entries()) {
      const read = readEntry(crypto, value, key);
      const problem = read.ok ? misplaced(read, log, workspace) : read.message;
      if (problem !== undefined) refused.push({ key, message: problem });
      else if (read.ok && reads.get(read.hash)?.entry.body === undefined) reads.set(read.hash, read);
    }
  }
  return { reads, refused };
}

function misplaced({ entry: { header }, hash }: Read, log: string | undefined, workspace: Hash) {
  if (header.log !== log) return `it is of the log ${header.log}`;
  return (header.workspace === '' ? hash : header.workspace) === workspace
    ? undefined
    : 'it is of another workspace';
}

const unsigned = (message: string): Verdict => ({ state: 'rejected', reason: 'signature', message });

type Verdicts = Map<Hash, Found['verdict']>;

/** What can be said of each by itself: its shape and its signature. Those of which nothing is said are sound. */
async function judgeAlone(crypto: Crypto, reads: ReadonlyMap<Hash, Read>): Promise<Verdicts> {
  const verdicts: Verdicts = new Map();
  const keys = keysOf(
    crypto,
    [...reads.values()].filter(({ entry }) => entry.header.log === 'members'),
  );
  await Promise.all(
    [...reads.values()].map(async ({ hash, entry, signedBytes }) => {
      const shape = checkShape(crypto, entry);
      const key = keys.get(entry.header.replica);
      if (shape.state === 'rejected') verdicts.set(hash, shape);
      else if (shape.state === 'waiting' || key === undefined) verdicts.set(hash, waiting);
      else if (!(await verifySignature(crypto, entry, key, signedBytes)))
        verdicts.set(hash, unsigned('its signature does not hold'));
      else if (entry.header.type === 'replica.admit') {
        const proof = await verifyAdmission(crypto, entry.header, (replica) => keys.get(replica));
        if (proof.state === 'waiting') verdicts.set(hash, waiting);
        if (proof.state === 'fails') verdicts.set(hash, unsigned(proof.message));
      }
    }),
  );
  return verdicts;
}

/** Operations by their subject, as membership lets them count. */
function bySubject(sound: readonly Read[], members: MembersState, verdicts: Verdicts, chains: IsAtOrBefore) {
  const subjects = new Map<Hash, Op[]>();
  for (const { hash, entry } of sound) {
    const { header } = entry;
    if (header.log === 'members') continue;
    const judged = judge({ hash, header }, members, chains);
    if (judged.waiting || judged.verdict) verdicts.set(hash, judged.verdict ?? waiting);
    if (judged.waiting) continue;
    const subject = header.subject === '' ? hash : header.subject;
    const op: Op = { hash, header, role: judged.role };
    const ops = subjects.get(subject);
    if (ops) ops.push(op);
    else subjects.set(subject, [op]);
  }
  return subjects;
}

/** Folds one thing; undefined when nothing here makes it. Its operations' verdicts are noted. */
function foldThing(id: Hash, ops: readonly Op[], initial: AnyState | undefined, verdicts: Verdicts) {
  const creation = ops.find(({ hash }) => hash === id);
  const kind = initial?.kind ?? (creation && foldOf(creation.header.type));
  if (kind === undefined) return undefined;
  const admitted = ({ hash }: Op): Verdict | undefined => {
    const verdict = verdicts.get(hash);
    return verdict?.state === 'rejected' ? verdict : undefined;
  };
  const folded = foldSubject(foldFor(kind), ops, admitted, initial);
  for (const [hash, verdict] of folded.verdicts) verdicts.set(hash, verdict);
  return folded.state;
}

/**
 * Reads, checks and folds every operation of the given maps. Give it all segments that matter, `log/members/1` among
 * them: without it nobody is known and everything waits. Nothing in the maps makes it fail.
 *
 * @example
 * ```ts
 * import { createClient } from 'coterie/client';
 * import { nodeCrypto } from 'coterie/keys';
 * import { messagesOf, readView } from 'coterie/log';
 * import { connect } from 'coterie/yjs';
 * import type { Entry } from 'coterie/schemas';
 *
 * const { COTERIE_URL: url = 'http://127.0.0.1:4270', COTERIE_TOKEN: token } = process.env;
 * const node = createClient({ url, token });
 * await node.messages.post('general', { text: 'hello' });
 * const { id: workspace } = (await node.status()).workspace;
 * const { id: general } = await node.channels.get('general');
 * // Every segment of the logs that matter, as any Yjs client holds them.
 * const { items } = await node.documents.list();
 * const open = items
 *   .filter(({ log }) => log === 'members' || log === `channel.${general}`)
 *   .map(({ document }) => ({ document, ...connect({ url, workspace, document, token }) }));
 * await Promise.all(open.map(({ synced }) => synced({ signal: AbortSignal.timeout(10_000) })));
 * const maps = open.map(({ document, doc }) => ({ document, ops: doc.getMap<Entry>('ops') }));
 * const view = await readView({ crypto: nodeCrypto, workspace, maps });
 * for (const message of messagesOf(view, general)) console.log(view.text(message.text[0]?.value)); //=> hello
 * for (const { close } of open) close();
 * ```
 */
export async function readView(options: {
  readonly crypto: Crypto;
  readonly workspace: Hash;
  readonly maps: readonly LogMap[];
}): Promise<View> {
  const { crypto, workspace } = options;
  const { reads, refused } = collect(crypto, workspace, options.maps);
  const verdicts = await judgeAlone(crypto, reads);
  const sound = [...reads.values()].filter(({ hash }) => !verdicts.has(hash));

  const memberOps = sound.flatMap(({ hash, entry: { header } }): Op[] =>
    header.log === 'members' ? [{ hash, header, role: undefined }] : [],
  );
  const folded = foldMembers((...about) => memberIdOf(crypto, ...about), memberOps);
  const members = folded.log.state;
  for (const [hash, verdict] of folded.verdicts) verdicts.set(hash, verdict);

  const subjects = bySubject(sound, members, verdicts, chainsOf(reads));
  const things = new Map<Hash, AnyState>(defaultChannels(crypto, workspace));
  for (const [id, ops] of subjects) {
    const state = foldThing(id, ops, things.get(id), verdicts);
    if (state) things.set(id, state);
    if (state?.kind !== 'message' || !state.to) continue;
    const conversation = directChannel(logOwner(ops[0]?.header.log ?? ''), [state.created.by, ...state.to]);
    things.set(conversation.id, conversation);
  }

  const operations = new Map<Hash, Found>();
  for (const [hash, { entry }] of reads)
    operations.set(hash, { hash, entry, verdict: verdicts.get(hash) ?? { state: 'counted' } });
  return {
    workspace,
    members,
    things,
    operations,
    refused,
    text(operation, field = 'text') {
      const body: Body | undefined = operation ? operations.get(operation)?.entry.body : undefined;
      return body?.[field];
    },
  };
}

/** Messages of a channel in the order in which they are shown: by stamp, a reply never before what it answers. */
export function messagesOf(view: View, channel: Hash): Extract<AnyState, { kind: 'message' }>[] {
  const found: Extract<AnyState, { kind: 'message' }>[] = [];
  const ops: Op[] = [];
  for (const state of view.things.values()) {
    const header = view.operations.get(state.id)?.entry.header;
    if (state.kind !== 'message' || !header || logOwner(header.log) !== channel) continue;
    found.push(state);
    const answers = state.answers ?? state.thread;
    const after = answers ? [answers] : [];
    ops.push({ hash: state.id, header: { ...header, stamp: shownStamp(header), after }, role: undefined });
  }
  const places = new Map(order(ops, undefined).ops.map(({ hash }, at) => [hash, at]));
  return found.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
}

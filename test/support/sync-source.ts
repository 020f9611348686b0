import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as Y from 'yjs';
import { CoterieError, type Entry, type Hash } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  createMender,
  createWriter,
  digestOf,
  documentName,
  freshClientID,
  type LogDocument,
  type Mender,
  openLogDocument,
  parseDocumentName,
  treeDigest,
  type Writer,
} from '../../src/log/index.ts';
import {
  createClock,
  entryKey,
  fromBase64url,
  hashOf,
  keyId,
  makeHeader,
  readEntry,
  sealEntry,
  toBase64url,
} from '../../src/op/index.ts';
import type { DurableUpdate, KeyFlag, Received, SessionId, SyncSource } from '../../src/sync/port.ts';

export const workspace = hashOf(nodeCrypto, 'workspace of the sync tests');

/** Signs at once, so that runs replay: the thread pool would answer in any order. */
function keyPair(seed: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(secret).export({ format: 'jwk' }).x!;
  return { publicKey, sign: (bytes: Uint8Array) => toBase64url(sign(null, bytes, secret)) };
}

function holds(publicKey: string, bytes: Uint8Array, sig: string): boolean {
  const raw = fromBase64url(sig, 64);
  if (!raw || !fromBase64url(publicKey, 32)) return false;
  const key: KeyObject = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
    format: 'jwk',
  });
  return verify(null, bytes, key, raw);
}

/** Switches of a source, to be changed at any time. */
export interface Troubles {
  /** How long the journal takes, ms; 0: at once. */
  delay: number;
  /** What the journal says to each write. */
  storage: 'good' | 'failing';
  /** Why an update is refused, as a guard would. */
  refuse: (document: string, update: Uint8Array) => string | undefined;
}

export interface MemorySource extends SyncSource {
  readonly name: string;
  readonly troubles: Troubles;
  /** Keys that `admit` lets in without credentials; `undefined`: everyone. */
  known: Set<string> | undefined;
  /** Credentials that let a stranger in. */
  readonly tickets: Set<string>;
  /** Replicas that came with this one's own key. */
  copies: number;
  /** Signed entries, appended to a segment of a log (the newest, unless said), in one update. */
  write(log: string, count: number, segment?: number): Promise<readonly Hash[]>;
  /** Takes the text of an entry away, as a redaction does. */
  redact(document: string, key: Hash): Promise<void>;
  /** Applies an update as if it had come another way: nobody is told. */
  plant(document: string, update: Uint8Array): void;
  document(document: string): LogDocument;
  documents(): string[];
  /** How often an update changed a document here, local writes left out. */
  readonly applied: Map<string, number>;
  /** Documents in the order in which something of them first came. */
  readonly arrivals: string[];
  readonly splits: Set<string>;
  readonly asked: { diffs: number; keys: number };
}

interface Held {
  readonly shown: LogDocument;
  readonly writer: Writer;
  readonly mender: Mender;
  digest: Hash | undefined;
  tail: Promise<unknown>;
}

export function createMemorySource(options: {
  readonly name: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly now: () => number;
  readonly segmentSize?: number;
  readonly keySeed?: Uint8Array;
}): MemorySource {
  const { random } = options;
  const keys = keyPair(options.keySeed ?? random(32));
  const replica = keyId(nodeCrypto, keys.publicKey);
  const clock = createClock({ now: () => 1_700_000_000_000 + options.now(), random, replica });
  const held = new Map<string, Held>();
  const chains = new Map<string, { seq: number; hash: Hash }>();
  const listeners = new Set<(update: DurableUpdate) => void>();
  const newest = new Map<string, number>();
  const troubles: Troubles = { delay: 0, storage: 'good', refuse: () => undefined };

  function open(document: string): Held {
    const known = held.get(document);
    if (known) return known;
    const shown = openLogDocument({ clientID: freshClientID(random) });
    const made: Held = {
      shown,
      writer: createWriter({ clientID: freshClientID(random) }),
      mender: createMender(shown, freshClientID(random)),
      digest: undefined,
      tail: Promise.resolve(),
    };
    held.set(document, made);
    return made;
  }

  /** A document with something in it counts as a segment. */
  function grown(document: string): void {
    const name = parseDocumentName(document)!;
    newest.set(name.log, Math.max(newest.get(name.log) ?? 0, name.segment));
  }

  /** Runs one after another for a document. */
  function inTurn<T>(document: string, task: () => Promise<T>): Promise<T> {
    const doc = open(document);
    const result = doc.tail.then(task);
    doc.tail = result.catch(() => undefined);
    return result;
  }

  async function journal(): Promise<void> {
    if (troubles.delay > 0) await new Promise<void>((resolve) => void options.timer(resolve, troubles.delay));
    if (troubles.storage === 'failing') throw new CoterieError('storage_failed', 'the disk says no');
  }

  /** Applies what the journal has, and tells of it when it brought something. */
  function show(document: string, update: Uint8Array, origin: SessionId | undefined): readonly Hash[] {
    const doc = open(document);
    let brought: Uint8Array | undefined;
    const listen = (bytes: Uint8Array): void => {
      brought = bytes;
    };
    doc.shown.doc.on('update', listen);
    const touched = doc.shown.apply(update);
    doc.shown.doc.off('update', listen);
    if (!brought) return touched;
    doc.digest = undefined;
    grown(document);
    if (!source.arrivals.includes(document)) source.arrivals.push(document);
    if (origin !== undefined) source.applied.set(document, (source.applied.get(document) ?? 0) + 1);
    for (const listener of listeners) listener({ document, update: brought, origin });
    return touched;
  }

  /** True when the update follows what is not here: a guard would park it; this one forgets it. */
  function isGapped({ shown }: Held, update: Uint8Array): boolean {
    const { from, to } = Y.parseUpdateMeta(update);
    for (const [client, clock] of from) if (clock > shown.clockOf(client)) return true;
    for (const struct of Y.decodeUpdate(update).structs) {
      const origin = struct instanceof Y.Item ? struct.origin : null;
      if (origin && origin.clock >= Math.max(shown.clockOf(origin.client), to.get(origin.client) ?? 0))
        return true;
    }
    return false;
  }

  async function store(document: string, update: Uint8Array, from: SessionId): Promise<Received> {
    const refusal = troubles.refuse(document, update);
    if (refusal !== undefined) return { ok: false, reason: refusal };
    try {
      Y.decodeUpdate(update);
    } catch {
      return { ok: false, reason: 'no update' };
    }
    if (isGapped(open(document), update)) return { ok: true, keys: [], parked: 1, released: 0 };
    await journal();
    return { ok: true, keys: show(document, update, from), parked: 0, released: 0 };
  }

  function make(log: string): readonly [Hash, Entry] {
    const last = chains.get(log) ?? { seq: 0, hash: '' };
    const { header, hash, body, signedBytes } = makeHeader(nodeCrypto, {
      stamp: clock.next(),
      workspace,
      log,
      replica,
      seq: last.seq + 1,
      prev: last.hash,
      after: [],
      type: 'message.create',
      subject: '',
      data: {},
      body: { text: `${options.name} ${last.seq + 1}` },
      random,
    });
    chains.set(log, { seq: last.seq + 1, hash });
    const sig = keys.sign(signedBytes);
    return [entryKey(nodeCrypto, hash, sig), sealEntry(header, body, sig)];
  }

  /** Where the next entry of a log goes. */
  function place(log: string): number {
    const n = newest.get(log) ?? 1;
    return open(documentName(log, n)).shown.size < (options.segmentSize ?? 1000) ? n : n + 1;
  }

  function digest(document: string): Hash {
    const doc = open(document);
    doc.digest ??= digestOf(nodeCrypto, doc.shown.ops);
    return doc.digest;
  }
  const segmentsOf = (log: string): number[] => {
    const all: number[] = [];
    for (let n = 1; n <= (newest.get(log) ?? 0); n++) if (held.has(documentName(log, n))) all.push(n);
    return log.startsWith('marks.') ? all.slice(-1) : all;
  };
  const logDigest = (log: string): Hash => {
    const all = segmentsOf(log).map((n) => [String(n), digest(documentName(log, n))] as const);
    return log.startsWith('marks.') ? (all[0]?.[1] ?? '') : treeDigest(nodeCrypto, all);
  };
  const tree = (marks: boolean): Hash => {
    const logs = [...newest.keys()].filter((log) => log.startsWith('marks.') === marks);
    return treeDigest(
      nodeCrypto,
      logs.map((log) => [log, logDigest(log)]),
    );
  };

  const source: MemorySource = {
    name: options.name,
    workspace,
    publicKey: keys.publicKey,
    troubles,
    known: undefined,
    tickets: new Set(),
    copies: 0,
    applied: new Map(),
    arrivals: [],
    splits: new Set(),
    asked: { diffs: 0, keys: 0 },

    sign: async (bytes) => keys.sign(bytes),
    verify: async (publicKey, bytes, sig) => holds(publicKey, bytes, sig),
    credentials: async () => [`ticket of ${options.name}`],
    async admit(publicKey, credentials) {
      if (publicKey === keys.publicKey) {
        source.copies++;
        return 'self';
      }
      const known = source.known === undefined || source.known.has(publicKey);
      return known || credentials.some((one) => source.tickets.has(one)) ? 'admitted' : 'stranger';
    },

    root: async () => ({ logs: tree(false), marks: tree(true) }),
    logs: async () => [...newest.keys()].map((log) => [log, logDigest(log)] as const),
    segments: async (log) =>
      segmentsOf(log).map((n) => {
        const document = documentName(log, n);
        return { n, digest: digest(document), split: source.splits.has(document) };
      }),
    digest: async (document) => ({
      digest: digest(document),
      entries: open(document).shown.size,
      split: source.splits.has(document),
    }),
    stateVector: async (document) => open(document).shown.stateVector(),
    async diff(document, stateVector) {
      source.asked.diffs++;
      try {
        return open(document).shown.encode(stateVector);
      } catch {
        throw new CoterieError('invalid', 'no state vector');
      }
    },
    receive: (document, update, from) => inTurn(document, () => store(document, update, from)),

    async keys(document) {
      source.asked.keys++;
      return [...open(document).shown.entries()].map(([key, { body }]): KeyFlag => [key, body !== undefined]);
    },
    async entries(document, wanted) {
      const { shown } = open(document);
      return wanted.flatMap((key) => {
        const entry = shown.get(key);
        return entry ? [[key, JSON.stringify(entry)] as const] : [];
      });
    },
    take: (document, entries) =>
      inTurn(document, async () => {
        const doc = open(document);
        const lacking: [Hash, Entry][] = [];
        for (const [key, text] of entries) {
          const read = readEntry(nodeCrypto, JSON.parse(text), key);
          if (!read.ok) return { ok: false, reason: read.message };
          const here = doc.shown.get(key);
          const bare = here && !here.body && !here.redacted && read.entry.body;
          if (!here || bare) lacking.push([key, read.entry]);
        }
        if (lacking.length === 0) return { ok: true, keys: [], parked: 0, released: 0 };
        const update = doc.mender.encode(lacking);
        await journal();
        return { ok: true, keys: show(document, update, undefined), parked: 0, released: 0 };
      }),

    isHot(document) {
      const name = parseDocumentName(document);
      return name !== undefined && name.segment >= (newest.get(name.log) ?? 0);
    },
    onKey: () => () => undefined,
    onUpdate(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async markSplit(document) {
      source.splits.add(document);
    },

    write: (log, count, segment = place(log)) => {
      const document = documentName(log, segment);
      return inTurn(document, async () => {
        const made = Array.from({ length: count }, () => make(log));
        const update = open(document).writer.encode(made);
        await journal();
        show(document, update, undefined);
        return made.map(([key]) => key);
      });
    },
    redact: (document, key) =>
      inTurn(document, async () => {
        const doc = open(document);
        const { header, sig } = doc.shown.get(key)!;
        const update = doc.mender.encode([[key, { header, sig, redacted: key }]]);
        await journal();
        show(document, update, undefined);
      }),
    plant(document, update) {
      const doc = open(document);
      doc.shown.apply(update);
      doc.digest = undefined;
      grown(document);
    },
    document: (document) => open(document).shown,
    documents: () => [...held.keys()],
  };
  return source;
}

const answers = [
  'sign',
  'verify',
  'credentials',
  'admit',
  'root',
  'logs',
  'segments',
  'digest',
  'stateVector',
  'diff',
  'keys',
  'entries',
] as const;

/** The same source, whose answers take up to `ms`, each its own time: what disks and threads do to the order of things. */
export function slowed(
  source: MemorySource,
  clock: { timer(task: () => void, ms: number): () => void; draw(below: number): number },
  ms: number,
): MemorySource {
  const wait = (): Promise<void> => new Promise((resolve) => void clock.timer(resolve, clock.draw(ms)));
  return new Proxy(source, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function' || !(answers as readonly unknown[]).includes(name)) return value;
      return async (...given: unknown[]): Promise<unknown> => {
        // As of now or as of then: both happen.
        if (clock.draw(2) === 0) await wait();
        const answer: unknown = await Reflect.apply(value, target, given);
        await wait();
        return answer;
      };
    },
  });
}

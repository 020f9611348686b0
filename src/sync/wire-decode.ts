import { closeCodes, control, documentMessage, muxProtocol, syncMessage } from '../../schemas/protocol.ts';
import type { ControlMessage, DocumentMessage, Frame } from './wire.ts';
import { toldCodes, wireLimits } from './wire-limits.ts';
import { createReader, Malformed, type Reader } from './wire-reader.ts';

/** The smallest items of lists, bytes: more than fit into the frame are refused before any is read. */
const least = {
  version: 1,
  text: 1,
  log: 17,
  segment: 18,
  key: 17,
  hash: 16,
  entry: 17,
  statement: 66,
  head: 65,
};

/** The control message of a type; undefined for one that this version does not know. */
function readControl(type: number, from: Reader): ControlMessage | undefined {
  switch (type) {
    case control.hello: {
      if (from.text(muxProtocol.magic.length) !== muxProtocol.magic)
        throw new Malformed('this is no mux session');
      return {
        type: 'hello',
        versions: from.list(wireLimits.versions, least.version, from.uint),
        workspace: from.hash(),
        publicKey: from.base64url(32),
        random: from.bytes(32),
        capabilities: from.list(wireLimits.capabilities, least.text, () => from.text(wireLimits.name)),
      };
    }
    case control.prove:
      return { type: 'prove', sig: from.base64url(64) };
    case control.ask:
      return { type: 'ask' };
    case control.credentials:
      return {
        type: 'credentials',
        entries: from.list(wireLimits.credentials, least.text, () => from.text(wireLimits.entry)),
      };
    case control.root:
      return { type: 'root', logs: from.hash(), marks: from.hash() };
    case control.logs:
      return {
        type: 'logs',
        after: from.text(wireLimits.name),
        to: from.text(wireLimits.name),
        logs: from.list(wireLimits.logs, least.log, () => [from.text(wireLimits.name), from.hash()] as const),
      };
    case control.segments:
      return {
        type: 'segments',
        log: from.text(wireLimits.name),
        told: from.choice(toldCodes),
        from: from.uint(),
        to: from.uint(),
        segments: from.list(wireLimits.segments, least.segment, () => ({
          n: from.uint(),
          digest: from.hash(),
          split: from.flag(),
        })),
      };
    case control.listed:
      return { type: 'listed' };
    case control.synced:
      return { type: 'synced' };
    case control.name:
      return { type: 'name', alias: from.uint(), document: from.text(wireLimits.name) };
    case control.close:
      return { type: 'close', alias: from.uint() };
    case control.ping:
      return { type: 'ping', number: from.uint() };
    case control.pong:
      return { type: 'pong', number: from.uint() };
    case control.bye:
      return { type: 'bye', code: from.uint(), reason: from.text(wireLimits.reason) };
    case control.stored:
      return { type: 'stored', count: from.uint() };
    case control.presence:
      return {
        type: 'presence',
        statements: from.list(wireLimits.statements, least.statement, () => ({
          age: from.uint(),
          text: from.text(wireLimits.statement),
          sig: from.base64url(64),
        })),
      };
    case control.heads:
      return {
        type: 'heads',
        statements: from.list(wireLimits.heads, least.head, () => ({
          text: from.text(wireLimits.head),
          sig: from.base64url(64),
        })),
      };
    default:
      return undefined;
  }
}

function readVector(from: Reader): Uint8Array {
  const vector = from.block();
  if (vector.length > muxProtocol.vectorBytes) throw new Malformed('the state vector is too large', true);
  return vector;
}

function readSync(from: Reader): DocumentMessage | undefined {
  const kind = from.uint();
  switch (kind) {
    case syncMessage.step1:
      return { type: 'step1', stateVector: readVector(from) };
    case syncMessage.step2:
    case syncMessage.update: {
      const update = from.block();
      if (update.length > muxProtocol.updateBytes) throw new Malformed('the update is too large', true);
      return { type: kind === syncMessage.step2 ? 'step2' : 'update', update };
    }
    default:
      return undefined;
  }
}

function readDocument(type: number, from: Reader): DocumentMessage | undefined {
  switch (type) {
    case documentMessage.sync:
      return readSync(from);
    case documentMessage.digest: {
      const digest = from.hash();
      const entries = from.uint();
      const flags = from.flags(3);
      return {
        type: 'digest',
        digest,
        entries,
        split: (flags & 1) !== 0,
        ask: (flags & 2) !== 0,
        stored: from.uint(),
      };
    }
    case documentMessage.keys:
      return {
        type: 'keys',
        last: from.flag(),
        keys: from.list(wireLimits.keys, least.key, () => [from.hash(), from.flag()] as const),
      };
    case documentMessage.want:
      return { type: 'want', keys: from.list(wireLimits.keys, least.hash, from.hash) };
    case documentMessage.entries:
      return {
        type: 'entries',
        last: from.flag(),
        entries: from.list(
          wireLimits.keys,
          least.entry,
          () => [from.hash(), from.text(wireLimits.entry)] as const,
        ),
      };
    default:
      return undefined;
  }
}

/** Reads a frame. Never throws: what cannot be read is `bad`, with the code to close with. */
export function decodeFrame(frame: Uint8Array): Frame {
  if (frame.length > muxProtocol.frameBytes)
    return { kind: 'bad', code: closeCodes.tooLarge, reason: `a frame of ${frame.length} bytes` };
  try {
    const from = createReader(frame);
    const alias = from.uint();
    const type = from.uint();
    const message = alias === 0 ? readControl(type, from) : readDocument(type, from);
    if (!message) return { kind: 'unknown' };
    // A hello is read by versions that do not know what later ones add to it.
    if (message.type !== 'hello' && !from.done()) throw new Malformed(`bytes after ${message.type}`);
    return alias === 0
      ? { kind: 'control', message: message as ControlMessage }
      : { kind: 'document', alias, message: message as DocumentMessage };
  } catch (error) {
    const large = error instanceof Malformed && error.large;
    return {
      kind: 'bad',
      code: large ? closeCodes.tooLarge : closeCodes.malformed,
      reason: error instanceof Malformed ? error.message : 'a frame that cannot be read',
    };
  }
}

import { closeCodes } from '../../schemas/protocol.ts';
import { sealedErrors, sealedFrame, sealedProtocol } from '../../schemas/sealed.ts';
import { createReader, Malformed, type Reader } from '../sync/wire-reader.ts';
import type { Decoded, SignedList, ToClient, ToRelay } from './wire.ts';

/** Items and bytes of one frame, at most. */
const most = {
  versions: 16,
  capabilities: 64,
  name: 128,
  reason: 256,
  token: 2_048,
  extents: 20_000,
  records: sealedProtocol.recordsInFrame,
};
/** The smallest items of lists, bytes: more than fit into the frame are refused before any is read. */
const least = { version: 1, text: 1, extent: 66, record: 1 };

const id = (from: Reader): string => from.base64url(32);

function block(from: Reader, limit: number, what: string): Uint8Array {
  const bytes = from.block();
  if (bytes.length > limit) throw new Malformed(`${what} is too large`, true);
  return bytes;
}

const record = (from: Reader): Uint8Array => block(from, sealedProtocol.recordBytes, 'the record');
const letter = (from: Reader): Uint8Array => block(from, sealedProtocol.letterBytes, 'the letter');

const signed = (from: Reader): SignedList => ({
  text: from.text(sealedProtocol.listBytes),
  sig: from.base64url(64),
});

const capabilities = (from: Reader): string[] =>
  from.list(most.capabilities, least.text, () => from.text(most.name));

const bye = (from: Reader) => ({ type: 'bye', code: from.uint(), reason: from.text(most.reason) }) as const;

function readToRelay(type: number, from: Reader): ToRelay | undefined {
  switch (type) {
    case sealedFrame.hello:
      return {
        type: 'hello',
        versions: from.list(most.versions, least.version, from.uint),
        capabilities: capabilities(from),
      };
    case sealedFrame.create:
      return { type: 'create', tag: from.uint(), list: signed(from), code: from.text(most.name) };
    case sealedFrame.inventory:
      return { type: 'inventory', after: from.flag() ? id(from) : '' };
    case sealedFrame.read:
      return { type: 'read', tag: from.uint(), document: id(from), after: from.uint(), max: from.uint() };
    case sealedFrame.append:
      return { type: 'append', tag: from.uint(), document: id(from), record: record(from) };
    case sealedFrame.subscribe:
      return { type: 'subscribe' };
    case sealedFrame.confirm:
      return {
        type: 'confirm',
        tag: from.uint(),
        document: id(from),
        offset: from.uint(),
        sig: from.base64url(64),
      };
    case sealedFrame.list:
      return { type: 'list', tag: from.uint(), list: from.flag() ? signed(from) : undefined };
    case sealedFrame.invite:
      return { type: 'invite', tag: from.uint(), text: from.text(sealedProtocol.noteBytes) };
    case sealedFrame.uninvite:
      return { type: 'uninvite', tag: from.uint(), invite: from.hash() };
    case sealedFrame.letter:
      return { type: 'letter', tag: from.uint(), to: id(from), bytes: letter(from) };
    case sealedFrame.letterTaken:
      return { type: 'letterTaken', number: from.uint() };
    case sealedFrame.token:
      return { type: 'token', token: from.text(most.token) };
    case sealedFrame.ping:
      return { type: 'ping', number: from.uint() };
    case sealedFrame.pong:
      return { type: 'pong', number: from.uint() };
    case sealedFrame.bye:
      return bye(from);
    default:
      return undefined;
  }
}

function readToClient(type: number, from: Reader): ToClient | undefined {
  switch (type) {
    case sealedFrame.hello:
      return {
        type: 'hello',
        version: from.uint(),
        capabilities: capabilities(from),
        incarnation: id(from),
        key: id(from),
        list: from.uint(),
        usedBytes: from.uint(),
        quotaBytes: from.uint(),
        records: from.uint(),
      };
    case sealedFrame.inventory:
      return {
        type: 'inventory',
        last: from.flag(),
        documents: from.list(most.extents, least.extent, () => ({
          document: id(from),
          base: from.uint(),
          last: from.uint(),
          chain: id(from),
        })),
      };
    case sealedFrame.records:
      return {
        type: 'records',
        tag: from.uint(),
        document: id(from),
        base: from.uint(),
        baseChain: id(from),
        from: from.uint(),
        last: from.flag(),
        records: from.list(most.records, least.record, () => record(from)),
      };
    case sealedFrame.appended:
      return {
        type: 'appended',
        tag: from.uint(),
        document: id(from),
        offset: from.uint(),
        chain: id(from),
      };
    case sealedFrame.entry:
      return { type: 'entry', document: id(from), offset: from.uint(), record: record(from) };
    case sealedFrame.trimmed:
      return { type: 'trimmed', document: id(from), base: from.uint(), baseChain: id(from) };
    case sealedFrame.list:
      return { type: 'list', list: signed(from) };
    case sealedFrame.letter:
      return { type: 'letter', number: from.uint(), from: id(from), bytes: letter(from) };
    case sealedFrame.joined:
      return { type: 'joined', text: from.text(sealedProtocol.noteBytes) };
    case sealedFrame.ok:
      return { type: 'ok', tag: from.uint() };
    case sealedFrame.error:
      return {
        type: 'error',
        tag: from.uint(),
        code: from.choice(sealedErrors),
        message: from.text(most.reason),
      };
    case sealedFrame.ping:
      return { type: 'ping', number: from.uint() };
    case sealedFrame.pong:
      return { type: 'pong', number: from.uint() };
    case sealedFrame.bye:
      return bye(from);
    default:
      return undefined;
  }
}

function decode<Message extends { readonly type: string }>(
  frame: Uint8Array,
  read: (type: number, from: Reader) => Message | undefined,
): Decoded<Message> {
  if (frame.length > sealedProtocol.frameBytes)
    return { kind: 'bad', code: closeCodes.tooLarge, reason: `a frame of ${frame.length} bytes` };
  try {
    const from = createReader(frame);
    const message = read(from.uint(), from);
    if (!message) return { kind: 'unknown' };
    // A hello is read by versions that do not know what later ones add to it.
    if (message.type !== 'hello' && !from.done()) throw new Malformed(`bytes after ${message.type}`);
    return { kind: 'message', message };
  } catch (error) {
    const large = error instanceof Malformed && error.large;
    return {
      kind: 'bad',
      code: large ? closeCodes.tooLarge : closeCodes.malformed,
      reason: error instanceof Malformed ? error.message : 'a frame that cannot be read',
    };
  }
}

/** Reads what a replica sent. Never throws: what cannot be read is `bad`, with the code to close with. */
export const decodeFromClient = (frame: Uint8Array): Decoded<ToRelay> => decode(frame, readToRelay);

/** Reads what a relay sent. Never throws, as above. */
export const decodeFromRelay = (frame: Uint8Array): Decoded<ToClient> => decode(frame, readToClient);

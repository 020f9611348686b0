import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeUint8,
  writeUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding';
import { CoterieError } from '../../schemas/index.ts';
import { sealedErrors, sealedFrame } from '../../schemas/sealed.ts';
import { fromBase32, fromBase64url } from '../op/index.ts';
import type { SignedList, ToClient, ToRelay } from './wire.ts';

function raw(to: Encoder, value: string, size: number): void {
  const bytes = fromBase64url(value, size);
  if (!bytes) throw new CoterieError('internal', `${size} bytes in base64url expected`);
  writeUint8Array(to, bytes);
}

/** A name, key or hash. */
const id = (to: Encoder, value: string): void => raw(to, value, 32);

const flag = (to: Encoder, value: boolean): void => writeUint8(to, value ? 1 : 0);

function list<T>(to: Encoder, items: readonly T[], write: (item: T) => void): void {
  writeVarUint(to, items.length);
  for (const item of items) write(item);
}

function signed(to: Encoder, { text, sig }: SignedList): void {
  writeVarString(to, text);
  raw(to, sig, 64);
}

type Shared = Extract<ToRelay & ToClient, { readonly type: 'ping' | 'pong' | 'bye' }>;

function writeShared(to: Encoder, message: Shared): void {
  if (message.type === 'bye') {
    writeVarUint(to, message.code);
    writeVarString(to, message.reason);
  } else writeVarUint(to, message.number);
}

function writeAsked(
  to: Encoder,
  message: Exclude<ToRelay, { type: 'hello' | 'inventory' | 'subscribe' | 'letterTaken' | 'token' } | Shared>,
): void {
  writeVarUint(to, message.tag);
  switch (message.type) {
    case 'create':
      signed(to, message.list);
      writeVarString(to, message.code);
      break;
    case 'read':
      id(to, message.document);
      writeVarUint(to, message.after);
      writeVarUint(to, message.max);
      break;
    case 'append':
      id(to, message.document);
      writeVarUint8Array(to, message.record);
      break;
    case 'confirm':
      id(to, message.document);
      writeVarUint(to, message.offset);
      raw(to, message.sig, 64);
      break;
    case 'list':
      flag(to, message.list !== undefined);
      if (message.list) signed(to, message.list);
      break;
    case 'invite':
      writeVarString(to, message.text);
      break;
    case 'uninvite':
      writeUint8Array(to, fromBase32(message.invite));
      break;
    case 'letter':
      id(to, message.to);
      writeVarUint8Array(to, message.bytes);
      break;
  }
}

/** A frame of what a replica sends. */
export function encodeToRelay(message: ToRelay): Uint8Array {
  const to = createEncoder();
  writeVarUint(to, sealedFrame[message.type]);
  switch (message.type) {
    case 'hello':
      list(to, message.versions, (version) => writeVarUint(to, version));
      list(to, message.capabilities, (capability) => writeVarString(to, capability));
      break;
    case 'inventory':
      flag(to, message.after !== '');
      if (message.after !== '') id(to, message.after);
      break;
    case 'subscribe':
      break;
    case 'letterTaken':
      writeVarUint(to, message.number);
      break;
    case 'token':
      writeVarString(to, message.token);
      break;
    case 'ping':
    case 'pong':
    case 'bye':
      writeShared(to, message);
      break;
    default:
      writeAsked(to, message);
  }
  return toUint8Array(to);
}

/** A frame of what a relay sends. */
export function encodeToClient(message: ToClient): Uint8Array {
  const to = createEncoder();
  writeVarUint(to, sealedFrame[message.type]);
  switch (message.type) {
    case 'hello':
      writeVarUint(to, message.version);
      list(to, message.capabilities, (capability) => writeVarString(to, capability));
      id(to, message.incarnation);
      id(to, message.key);
      writeVarUint(to, message.list);
      writeVarUint(to, message.usedBytes);
      writeVarUint(to, message.quotaBytes);
      writeVarUint(to, message.records);
      break;
    case 'inventory':
      flag(to, message.last);
      list(to, message.documents, ({ document, base, last, chain }) => {
        id(to, document);
        writeVarUint(to, base);
        writeVarUint(to, last);
        id(to, chain);
      });
      break;
    case 'records':
      writeVarUint(to, message.tag);
      id(to, message.document);
      writeVarUint(to, message.base);
      id(to, message.baseChain);
      writeVarUint(to, message.from);
      flag(to, message.last);
      list(to, message.records, (record) => writeVarUint8Array(to, record));
      break;
    case 'appended':
      writeVarUint(to, message.tag);
      id(to, message.document);
      writeVarUint(to, message.offset);
      id(to, message.chain);
      break;
    case 'entry':
      id(to, message.document);
      writeVarUint(to, message.offset);
      writeVarUint8Array(to, message.record);
      break;
    case 'trimmed':
      id(to, message.document);
      writeVarUint(to, message.base);
      id(to, message.baseChain);
      break;
    case 'list':
      signed(to, message.list);
      break;
    case 'letter':
      writeVarUint(to, message.number);
      id(to, message.from);
      writeVarUint8Array(to, message.bytes);
      break;
    case 'joined':
      writeVarString(to, message.text);
      break;
    case 'ok':
      writeVarUint(to, message.tag);
      break;
    case 'error':
      writeVarUint(to, message.tag);
      writeUint8(to, sealedErrors.indexOf(message.code));
      writeVarString(to, message.message);
      break;
    default:
      writeShared(to, message);
  }
  return toUint8Array(to);
}

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
import { CoterieError, type Hash } from '../../schemas/index.ts';
import { control, documentMessage, muxProtocol, syncMessage } from '../../schemas/protocol.ts';
import { fromBase32, fromBase64url } from '../op/index.ts';
import type { ControlMessage, DocumentMessage } from './wire.ts';
import { toldCodes } from './wire-limits.ts';

function raw(encoder: Encoder, value: string, size: number): void {
  const bytes = fromBase64url(value, size);
  if (!bytes) throw new CoterieError('internal', `${size} bytes in base64url expected`);
  writeUint8Array(encoder, bytes);
}

const hash = (encoder: Encoder, value: Hash): void => writeUint8Array(encoder, fromBase32(value));

function list<T>(encoder: Encoder, items: readonly T[], write: (item: T) => void): void {
  writeVarUint(encoder, items.length);
  for (const item of items) write(item);
}

function writeControl(to: Encoder, message: ControlMessage): void {
  switch (message.type) {
    case 'hello':
      writeVarString(to, muxProtocol.magic);
      list(to, message.versions, (version) => writeVarUint(to, version));
      hash(to, message.workspace);
      raw(to, message.publicKey, 32);
      writeUint8Array(to, message.random);
      list(to, message.capabilities, (capability) => writeVarString(to, capability));
      break;
    case 'prove':
      raw(to, message.sig, 64);
      break;
    case 'credentials':
      list(to, message.entries, (entry) => writeVarString(to, entry));
      break;
    case 'root':
      hash(to, message.logs);
      hash(to, message.marks);
      break;
    case 'logs':
      writeVarString(to, message.after);
      writeVarString(to, message.to);
      list(to, message.logs, ([log, digest]) => {
        writeVarString(to, log);
        hash(to, digest);
      });
      break;
    case 'segments':
      writeVarString(to, message.log);
      writeUint8(to, toldCodes.indexOf(message.told));
      writeVarUint(to, message.from);
      writeVarUint(to, message.to);
      list(to, message.segments, ({ n, digest, split }) => {
        writeVarUint(to, n);
        hash(to, digest);
        writeUint8(to, split ? 1 : 0);
      });
      break;
    case 'name':
      writeVarUint(to, message.alias);
      writeVarString(to, message.document);
      break;
    case 'close':
      writeVarUint(to, message.alias);
      break;
    case 'ping':
    case 'pong':
      writeVarUint(to, message.number);
      break;
    case 'bye':
      writeVarUint(to, message.code);
      writeVarString(to, message.reason);
      break;
    case 'stored':
      writeVarUint(to, message.count);
      break;
    case 'presence':
      list(to, message.statements, ({ age, text, sig }) => {
        writeVarUint(to, age);
        writeVarString(to, text);
        raw(to, sig, 64);
      });
      break;
    case 'heads':
      list(to, message.statements, ({ text, sig }) => {
        writeVarString(to, text);
        raw(to, sig, 64);
      });
      break;
    case 'ask':
    case 'listed':
    case 'synced':
      break;
  }
}

/** A frame of a control message. */
export function encodeControl(message: ControlMessage): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, 0);
  writeVarUint(encoder, control[message.type]);
  writeControl(encoder, message);
  return toUint8Array(encoder);
}

/** A frame of a message of the document that `alias` names. */
export function encodeDocument(alias: number, message: DocumentMessage): Uint8Array {
  const to = createEncoder();
  writeVarUint(to, alias);
  switch (message.type) {
    case 'step1':
      writeVarUint(to, documentMessage.sync);
      writeVarUint(to, syncMessage.step1);
      writeVarUint8Array(to, message.stateVector);
      break;
    case 'step2':
    case 'update':
      writeVarUint(to, documentMessage.sync);
      writeVarUint(to, syncMessage[message.type]);
      writeVarUint8Array(to, message.update);
      break;
    case 'digest':
      writeVarUint(to, documentMessage.digest);
      hash(to, message.digest);
      writeVarUint(to, message.entries);
      writeUint8(to, (message.split ? 1 : 0) | (message.ask ? 2 : 0));
      writeVarUint(to, message.stored);
      break;
    case 'keys':
      writeVarUint(to, documentMessage.keys);
      writeUint8(to, message.last ? 1 : 0);
      list(to, message.keys, ([key, hasBody]) => {
        hash(to, key);
        writeUint8(to, hasBody ? 1 : 0);
      });
      break;
    case 'want':
      writeVarUint(to, documentMessage.want);
      list(to, message.keys, (key) => hash(to, key));
      break;
    case 'entries':
      writeVarUint(to, documentMessage.entries);
      writeUint8(to, message.last ? 1 : 0);
      list(to, message.entries, ([key, entry]) => {
        hash(to, key);
        writeVarString(to, entry);
      });
      break;
  }
  return toUint8Array(to);
}

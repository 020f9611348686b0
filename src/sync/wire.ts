import type { Hash } from '../../schemas/index.ts';
import type { HeadsStatement, KeyFlag, SegmentDigest, Statement } from './port.ts';

export { decodeFrame } from './wire-decode.ts';
export { encodeControl, encodeDocument } from './wire-encode.ts';

/** Why `segments` are sent: asked for; one was written to; the answer to that of who has the same. */
export type Told = 'asked' | 'changed' | 'heard';

/** Messages under alias 0. Hashes, keys, random bytes and signatures are raw bytes on the wire; texts are UTF-8. */
export type ControlMessage =
  | {
      readonly type: 'hello';
      readonly versions: readonly number[];
      readonly workspace: Hash;
      /** Ed25519, base64url. */
      readonly publicKey: string;
      /** 32 bytes. */
      readonly random: Uint8Array;
      readonly capabilities: readonly string[];
    }
  /** `sig`: base64url. */
  | { readonly type: 'prove'; readonly sig: string }
  | { readonly type: 'ask' }
  /** Entries as JSON text. */
  | { readonly type: 'credentials'; readonly entries: readonly string[] }
  | { readonly type: 'root'; readonly logs: Hash; readonly marks: Hash }
  /** All logs whose names come after `after`, up to `to`; empty: from the first, to the last. Ascending by UTF-16 units. */
  | {
      readonly type: 'logs';
      readonly after: string;
      readonly to: string;
      readonly logs: readonly (readonly [log: string, digest: Hash])[];
    }
  /** All segments of a log from `from` to `to`; 0: to the last. `told`: unasked, of one segment. */
  | {
      readonly type: 'segments';
      readonly log: string;
      readonly told: Told;
      readonly from: number;
      readonly to: number;
      readonly segments: readonly SegmentDigest[];
    }
  | { readonly type: 'listed' }
  | { readonly type: 'synced' }
  | { readonly type: 'name'; readonly alias: number; readonly document: string }
  | { readonly type: 'close'; readonly alias: number }
  | { readonly type: 'ping'; readonly number: number }
  | { readonly type: 'pong'; readonly number: number }
  | { readonly type: 'bye'; readonly code: number; readonly reason: string }
  | { readonly type: 'stored'; readonly count: number }
  | { readonly type: 'presence'; readonly statements: readonly Statement[] }
  | { readonly type: 'heads'; readonly statements: readonly HeadsStatement[] };

/** Messages of one document. */
export type DocumentMessage =
  | { readonly type: 'step1'; readonly stateVector: Uint8Array }
  /** The last part of what lies beyond a state vector; the parts before it are updates. */
  | { readonly type: 'step2'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | {
      readonly type: 'digest';
      readonly digest: Hash;
      readonly entries: number;
      readonly split: boolean;
      /** Messages with data of the other side, under its present alias, that this digest is known to contain. */
      readonly stored: number;
      /** The other side's digest is wanted in return. */
      readonly ask: boolean;
    }
  | { readonly type: 'keys'; readonly last: boolean; readonly keys: readonly KeyFlag[] }
  | { readonly type: 'want'; readonly keys: readonly Hash[] }
  /** `last`: all that was wanted and is here has been sent. */
  | {
      readonly type: 'entries';
      readonly last: boolean;
      readonly entries: readonly (readonly [key: Hash, entry: string])[];
    };

/** What a frame holds. Byte arrays in it are views of the frame. */
export type Frame =
  | { readonly kind: 'control'; readonly message: ControlMessage }
  | { readonly kind: 'document'; readonly alias: number; readonly message: DocumentMessage }
  /** Of a type that this version does not know, perhaps a later one does. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'bad'; readonly code: number; readonly reason: string };

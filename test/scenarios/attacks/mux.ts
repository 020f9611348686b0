import type { Hash } from '../../../schemas/index.ts';
import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { encodeControl } from '../../../src/sync/wire.ts';
import type { Target } from './list.ts';

/** Entries by key that no honest replica sends. */
export const byKey = ({
  key,
  entry,
  elsewhere,
  foreign,
}: Target): Readonly<Record<string, [Hash, string][]>> => ({
  'an entry that is no JSON': [[key, '{']],
  'an entry of 200 levels': [[key, '['.repeat(200)]],
  'another text under its key': [
    [key, JSON.stringify({ ...entry, body: { salt: 'a'.repeat(26), text: 'forged' } })],
  ],
  'an entry under another key': [[elsewhere[0], JSON.stringify(entry)]],
  'an operation of another log': [[elsewhere[0], JSON.stringify(elsewhere[1])]],
  'an operation of another workspace': [[foreign[0], JSON.stringify(foreign[1])]],
});

/** Frames that are none, or come out of turn, and the code that they end their session with. */
export const badFrames: Readonly<Record<string, { readonly frame: Uint8Array; readonly code: number }>> = {
  'bytes after a message': {
    frame: Uint8Array.from([...encodeControl({ type: 'ping', number: 1 }), 0]),
    code: closeCodes.malformed,
  },
  'a message that ends too early': {
    frame: encodeControl({ type: 'close', alias: 300 }).slice(0, -1),
    code: closeCodes.malformed,
  },
  'a document that was never named': { frame: Uint8Array.of(77, 0, 2, 1, 0), code: closeCodes.malformed },
  'a proof out of turn': {
    frame: encodeControl({ type: 'prove', sig: 'A'.repeat(86) }),
    code: closeCodes.malformed,
  },
  'a list longer than its frame': {
    frame: Uint8Array.of(0, 3, 0, 0, 0xff, 0xff, 3),
    code: closeCodes.malformed,
  },
  'a frame over the limit': {
    frame: new Uint8Array(muxProtocol.frameBytes + 1),
    code: closeCodes.tooLarge,
  },
};

/** Frames that no WebSocket client sends, and that kill a naive server. */
export const webSocketFrames: Readonly<Record<string, Uint8Array>> = {
  'a reserved bit': Uint8Array.of(0xc2, 0x81, 0, 0, 0, 0, 0),
  'a reserved opcode': Uint8Array.of(0x83, 0x81, 0, 0, 0, 0, 0),
  'a header of 101 MiB': Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x06, 0x50, 0, 0, 0, 0, 0, 0),
};

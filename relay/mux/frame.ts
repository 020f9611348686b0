/**
 * One binary WebSocket message as a server sends it: final, unmasked, not compressed. The same bytes go to any number of
 * sockets, so a message to a whole room is framed once.
 */
export function frame(payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const framed = Buffer.allocUnsafeSlow(head + length);
  framed[0] = 0x82;
  if (head === 2) framed[1] = length;
  else if (head === 4) {
    framed[1] = 126;
    framed.writeUInt16BE(length, 2);
  } else {
    framed[1] = 127;
    framed.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    framed.writeUInt32BE(length >>> 0, 6);
  }
  framed.set(payload, head);
  return framed;
}

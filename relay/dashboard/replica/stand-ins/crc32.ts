import { utf8 } from '../../../../src/op/index.ts';
import type * as Original from '../../../../src/storage/store/crc32.ts';

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** CRC-32 as zlib has it. */
export const crc32: typeof Original.crc32 = (data: string | ArrayBufferView, value = 0) => {
  const bytes =
    typeof data === 'string' ? utf8(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let sum = ~value >>> 0;
  for (let at = 0; at < bytes.length; at += 1)
    sum = (sum >>> 8) ^ (table[(sum ^ (bytes[at] ?? 0)) & 0xff] as number);
  return ~sum >>> 0;
};

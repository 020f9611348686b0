import { utf8 } from '../../../../src/op/index.ts';
import type * as Original from '../../../../src/storage/store/crc32.ts';

/** Eight tables, so that eight bytes are taken at a step. */
const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte += 1) {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  (tables[0] as Uint32Array)[byte] = sum;
}
for (let byte = 0; byte < 256; byte += 1) {
  for (let at = 1; at < 8; at += 1) {
    const before = tables[at - 1]?.[byte] as number;
    (tables[at] as Uint32Array)[byte] = (before >>> 8) ^ (tables[0]?.[before & 0xff] as number);
  }
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

function ofBytes(data: Uint8Array, before: number): number {
  let sum = ~before;
  let at = 0;
  for (const whole = data.length - 7; at < whole; at += 8) {
    sum ^=
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24);
    sum =
      (t7[sum & 0xff] as number) ^
      (t6[(sum >>> 8) & 0xff] as number) ^
      (t5[(sum >>> 16) & 0xff] as number) ^
      (t4[sum >>> 24] as number) ^
      (t3[data[at + 4] as number] as number) ^
      (t2[data[at + 5] as number] as number) ^
      (t1[data[at + 6] as number] as number) ^
      (t0[data[at + 7] as number] as number);
  }
  for (; at < data.length; at += 1) sum = (t0[(sum ^ (data[at] as number)) & 0xff] as number) ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** Keys are short and nearly always of ASCII: no bytes are made of those. */
function ofText(text: string, before: number): number {
  let sum = ~before;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return ofBytes(utf8(text), before);
    sum = (t0[(sum ^ unit) & 0xff] as number) ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}

/** CRC-32 as zlib has it. */
export const crc32: typeof Original.crc32 = (data: string | ArrayBufferView, before = 0) =>
  typeof data === 'string'
    ? ofText(data, before)
    : ofBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), before);

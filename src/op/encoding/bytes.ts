import { CoterieError } from '../../../schemas/index.ts';

const encoder = new TextEncoder();

/** UTF-8 bytes of a well-formed string. */
export const utf8 = (value: string): Uint8Array => encoder.encode(value);

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

const letterCodes = Array.from(letters, (letter) => letter.charCodeAt(0));
/** The characters of the one that is being written: a string of many pieces costs several times as much. */
const written = Array.from({ length: 26 }, () => 0);

const letterValues = new Int8Array(128).fill(-1);
for (let i = 0; i < letters.length; i++) letterValues[letters.charCodeAt(i)] = i;

/** 16 bytes as 26 lower-case base32 characters, RFC 4648 alphabet, no padding. Takes the first 16 bytes. */
export function toBase32(bytes: Uint8Array): string {
  if (bytes.length < 16) throw new CoterieError('internal', `${bytes.length} bytes are too few for a hash`);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < 16; i++) {
    held = ((held << 8) | (bytes[i] as number)) & 0x1fff;
    for (bits += 8; bits >= 5; at++) {
      bits -= 5;
      written[at] = letterCodes[(held >> bits) & 31] as number;
    }
  }
  written[at] = letterCodes[(held << (5 - bits)) & 31] as number;
  return String.fromCharCode.apply(undefined, written);
}

/** The 16 bytes of 26 base32 characters; throws `invalid` for anything else, also for spare bits that are set. */
export function fromBase32(value: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let bits = 0;
  let held = 0;
  let at = 0;
  let good = value.length === 26;
  for (let i = 0; good && i < 26; i++) {
    const five = letterValues[value.charCodeAt(i)] ?? -1;
    good = five >= 0;
    held = ((held << 5) | five) & 0xfff;
    bits += 5;
    if (bits >= 8 && at < 16) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
  }
  if (!good || (held & 3) !== 0) throw new CoterieError('invalid', 'a hash is 26 base32 characters');
  return bytes;
}

const url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const urlValues = new Int8Array(128).fill(-1);
for (let i = 0; i < url.length; i++) urlValues[url.charCodeAt(i)] = i;

const urlCodes = Array.from(url, (letter) => letter.charCodeAt(0));

/** Of keys, hashes and signatures: a string of many pieces costs several times as much. */
function shortBase64url(bytes: Uint8Array): string {
  const codes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let i = 0; i < bytes.length; i++) {
    held = ((held << 8) | (bytes[i] as number)) & 0x3fff;
    for (bits += 8; bits >= 6; ) {
      bits -= 6;
      codes.push(urlCodes[(held >> bits) & 63] as number);
    }
  }
  if (bits > 0) codes.push(urlCodes[(held << (6 - bits)) & 63] as number);
  return String.fromCharCode.apply(undefined, codes);
}

/** base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  if (bytes.length <= 96) return shortBase64url(bytes);
  let result = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    result += url.charAt(three >> 18) + url.charAt((three >> 12) & 63);
    if (i + 1 < bytes.length) result += url.charAt((three >> 6) & 63);
    if (i + 2 < bytes.length) result += url.charAt(three & 63);
  }
  return result;
}

/** Decodes base64url without padding to `size` bytes; `undefined` for another size, alphabet or spare bits that are set. */
export function fromBase64url(value: string, size: number): Uint8Array | undefined {
  if (value.length !== Math.ceil((size * 4) / 3)) return undefined;
  const bytes = new Uint8Array(size);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < value.length; i++) {
    const six = urlValues[value.charCodeAt(i)] ?? -1;
    if (six < 0) return undefined;
    held = ((held << 6) | six) & 0x3fff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
  }
  // One signature must have one spelling: else one key could hold two values.
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

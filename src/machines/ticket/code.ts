import { base32crockford } from '@scure/base';

/** 5 bits a character, as people type them: no I, L, O or U; any case; a letter that looks like a digit is that digit. */
export const toCode = (bytes: Uint8Array): string =>
  (base32crockford.encode(bytes).match(/.{1,4}/g) ?? []).join('-');

/** The bytes of a code, wherever dashes and blanks stand in it; undefined for what is none. */
export function fromCode(text: string): Uint8Array | undefined {
  const bare = text.replaceAll(/[\s-]+/g, '').toUpperCase();
  try {
    const bytes = base32crockford.decode(bare);
    // One text for each code: bits that are left over are zero.
    return base32crockford.encode(bytes).length === bare.length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

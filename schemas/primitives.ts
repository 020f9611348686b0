import { z } from 'zod';

/** 16 bytes as 26 lower-case base32 characters (RFC 4648 alphabet, no padding). Names operations, members, keys. */
export const Hash = z.string().regex(/^[a-z2-7]{25}[aeimquy4]$/, 'a hash is 26 base32 characters');
export type Hash = z.infer<typeof Hash>;

/** 26 characters of the ULID alphabet: hybrid logical clock (48-bit ms, 16-bit counter), 40 bits of replica, 24 bits of opening. */
export const Stamp = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'a stamp is 26 Crockford base32 characters');
export type Stamp = z.infer<typeof Stamp>;

/** A raw 32-byte public key in base64url, 43 characters. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a public key is 43 base64url characters');
export type PublicKey = z.infer<typeof PublicKey>;

/** An Ed25519 signature in base64url, 86 characters. */
export const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'a signature is 86 base64url characters');
export type Signature = z.infer<typeof Signature>;

/** Milliseconds since 1970. */
export const Millis = z.int().min(0).max(281_474_976_710_655);

/**
 * A handle: what people type after `@`. 1 to 32 characters: lower-case letters, digits, `.`, `_`, `-`; begins and
 * ends with a letter or digit; no two of `.` `_` `-` in a row. Imported names are mapped to this and keep their
 * original as the display name.
 */
export const Handle = z
  .string()
  .max(32)
  .regex(
    /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
    'a handle is 1 to 32 of a-z 0-9 . _ -, beginning and ending with a letter or digit',
  );
export type Handle = z.infer<typeof Handle>;

/** A channel name: the handle grammar, up to 64 characters. */
export const ChannelName = z
  .string()
  .max(64)
  .regex(
    /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
    'a channel name is 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter or digit',
  );

/** A short id as written in a create operation: handle and count, `kai-12`. */
export const ShortId = z
  .string()
  .max(48)
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*-[1-9][0-9]*$/, 'a short id is handle-number');

/** Bytes of UTF-8; a lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(value: string): number {
  let bytes = 0;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return bytes;
}

/** True when no surrogate stands alone: such a string survives UTF-8. */
export const wellFormed = (value: string): boolean => !/\p{Surrogate}/u.test(value);

/** Text of bounded size that well-formed UTF-16 can carry. */
export const text = (maxBytes: number) =>
  z
    .string()
    .refine(wellFormed, 'text holds a lone surrogate')
    .refine((value) => utf8Length(value) <= maxBytes, {
      error: `text is longer than ${maxBytes} bytes of UTF-8`,
      params: { code: 'too_large' },
    });

/** One line of text: no control characters, not blank. */
export const line = (maxBytes: number) =>
  text(maxBytes)
    .refine((value) => !hasControl(value), 'one line of text holds no control characters')
    .refine((value) => value.trim() !== '', 'text must not be blank');

function hasControl(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** A display name. */
export const DisplayName = line(256);

/** Labels of tasks and tags of memory: one line, up to 100 bytes. */
export const Label = line(100);

/** An emoji or its short name without colons (`+1`, `tada`, `👍`). */
export const Emoji = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\s\p{Cc}:]+$/u, 'an emoji is one emoji or a short name without colons')
  .refine(wellFormed, 'text holds a lone surrogate');

/**
 * A path of a log: `members`, `channels`, `tasks`, `memory`, `reservations`, `channel.<id>`, `direct.<id>` (a conversation
 * between some members), `marks.<member>`.
 */
export const LogName = z
  .string()
  .regex(
    /^(?:members|channels|tasks|memory|reservations|(?:channel|direct|marks)\.[a-z2-7]{26})$/,
    'not the name of a log',
  );
export type LogName = z.infer<typeof LogName>;

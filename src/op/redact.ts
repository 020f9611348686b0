import type { Entry, Hash } from '../../schemas/index.ts';

/**
 * The entry without its text, as the redact operation `redact` leaves it. Hash, signature and key stay valid.
 * Doing it again changes nothing; nothing gives the text back.
 */
export const stripped = (entry: Entry, redact: Hash): Entry => ({
  header: entry.header,
  sig: entry.sig,
  redacted: redact,
});

/**
 * Of two forms of one entry (same key) the one to keep: stripped where either names a redact that `known` says is
 * valid (of two such the lower hash), else the one with its text. Whether an unknown `redacted` is true nobody can
 * see from the entry, so it never takes text away. The same result in either order.
 */
export function mergeEntries(a: Entry, b: Entry, known: (redact: Hash) => boolean): Entry {
  const redacts = [a.redacted, b.redacted].filter((redact) => redact !== undefined).sort();
  const valid = redacts.find(known);
  if (valid !== undefined) return stripped(a, valid);
  if (a.body || b.body) return a.body ? a : b;
  const claimed = redacts[0];
  return claimed === undefined ? a : stripped(a, claimed);
}

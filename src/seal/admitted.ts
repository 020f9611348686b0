import { AdmittedList } from '../../schemas/sealed.ts';
import { type Crypto, canonical, type Signer, toBase64url, utf8 } from '../op/index.ts';
import type { SignedList } from './wire.ts';

const listBytes = (text: string): Uint8Array => utf8(`coterie admitted 1\n${text}`);

/** What the next list names in `prev`. */
export const listHash = (crypto: Pick<Crypto, 'sha256'>, { text }: Pick<SignedList, 'text'>): string =>
  toBase64url(crypto.sha256(utf8(text)));

/** Signs a list of who is admitted, with the key of an admin of the list before. Keys are put in order. */
export async function signList(
  signer: Pick<Signer, 'publicKey' | 'sign'>,
  list: Omit<AdmittedList, 'v' | 'by'>,
): Promise<SignedList> {
  const keys = [...list.keys].sort((a, b) => (a.key < b.key ? -1 : 1));
  const full: AdmittedList = { ...list, v: 1, keys, revoked: [...list.revoked].sort(), by: signer.publicKey };
  const text = canonical(full);
  return { text, sig: await signer.sign(listBytes(text)) };
}

const ascending = (keys: readonly string[]): boolean =>
  keys.every((key, i) => i === 0 || (keys[i - 1] ?? '') < key);

/** Reads a list, whether or not its signature holds; undefined for what is not in its form. */
export function readList({ text }: Pick<SignedList, 'text'>): AdmittedList | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = AdmittedList.safeParse(value);
    if (!parsed.success || canonical(value) !== text) return undefined;
    const { keys, revoked } = parsed.data;
    return ascending(keys.map(({ key }) => key)) && ascending(revoked) ? parsed.data : undefined;
  } catch {
    // No JSON, or nothing that has a canonical form.
    return undefined;
  }
}

/** True when the key that the list names signed it. Whether that key may is another question. */
export const listHolds = (
  crypto: Pick<Crypto, 'verify'>,
  { text, sig }: SignedList,
  by: string,
): Promise<boolean> => crypto.verify(by, listBytes(text), sig);

/** Which snapshot is confirmed. */
export interface Confirmed {
  readonly mailbox: string;
  readonly incarnation: string;
  readonly document: string;
  /** Of the snapshot. */
  readonly offset: number;
  /** SHA-256 of its record, base64url. */
  readonly record: string;
}

/** What a replica signs that has looked into a snapshot and found all that it stands for in it. */
export const confirmBytes = ({ mailbox, incarnation, document, offset, record }: Confirmed): Uint8Array =>
  utf8(`coterie confirm 1\n${mailbox}\n${incarnation}\n${document}\n${offset}\n${record}`);

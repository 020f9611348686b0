import { CoterieError, type Hash } from '../../schemas/index.ts';
import { type Crypto, hash16, utf8 } from '../op/index.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

const segmentHead = 'coterie segment 1\n';
const treeHead = 'coterie tree 1\n';

/** Sorts by UTF-16 units, leaves out repeats, and hashes: the bytes are stated in docs/spec/log.md. */
function digestLines(crypto: Sha256, head: string, lines: string[]): Hash {
  lines.sort();
  let text = head;
  let before = '';
  for (const line of lines) {
    if (line !== before) text += line;
    before = line;
  }
  return hash16(crypto, utf8(text));
}

/**
 * Digest of a segment: equal for equal sets of keys with equal flags, in whatever order they come. A key's flag says
 * whether its entry has a body there.
 */
export function segmentDigest(crypto: Sha256, keys: Iterable<readonly [key: Hash, hasBody: boolean]>): Hash {
  const lines: string[] = [];
  for (const [key, hasBody] of keys) lines.push(`${key} ${hasBody ? '1' : '0'}\n`);
  return digestLines(crypto, segmentHead, lines);
}

/** Digests of nothing: a child that has one is as good as absent. */
const emptyDigests = (crypto: Sha256): readonly Hash[] => [
  digestLines(crypto, segmentHead, []),
  digestLines(crypto, treeHead, []),
];

/**
 * Digest of a log over its segments (names `1`, `2` …), of a workspace over its logs
 * but for `marks.*`, which the caller leaves out. Children that hold nothing are
 * left out, so an opened but empty segment changes nothing. Throws `invalid` for a name with white space.
 */
export function treeDigest(crypto: Sha256, children: Iterable<readonly [name: string, digest: Hash]>): Hash {
  const empty = emptyDigests(crypto);
  const lines: string[] = [];
  for (const [name, digest] of children) {
    if (name === '' || /\s/.test(name))
      throw new CoterieError('invalid', 'a name in a digest has white space');
    if (!empty.includes(digest)) lines.push(`${name} ${digest}\n`);
  }
  return digestLines(crypto, treeHead, lines);
}

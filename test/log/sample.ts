import type { Entry, Hash } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { freshClientID } from '../../src/log/index.ts';
import { hashOf } from '../../src/op/index.ts';
import { randomFrom } from '../op/sample.ts';

/** An entry in form only: enough for documents, which look at nothing. */
export function formOf(name: string, text = `text of ${name}`): readonly [key: Hash, entry: Entry] {
  const hash = hashOf(nodeCrypto, name);
  const header: Entry['header'] = {
    v: 1,
    stamp: '01HF0000000000000000000000',
    workspace: hash,
    log: 'memory',
    replica: hash,
    seq: 1,
    prev: '',
    after: [hash],
    type: 'memory.create',
    subject: '',
    data: { name, count: name.length, nested: { list: [1, -2, 0.5, 2 ** 40, true, null, ''] } },
  };
  return [hash, { header, body: { salt: hash, text }, sig: 'A'.repeat(86) }];
}

const random = randomFrom(2024);

/** Another clientID at each call. */
export const nextClientID = (): number => freshClientID(random);

export const bare = ([key, { header, sig }]: readonly [Hash, Entry]): readonly [Hash, Entry] => [
  key,
  { header, sig, redacted: key },
];

/** For comparing bytes: matchers walk typed arrays one element at a time. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateSeed, signerFromSeed } from '../../src/keys/node.ts';
import { readInvite } from '../../src/replica/workspace/mailbox.ts';

const hash = 'a'.repeat(26);

/** A relay that says the same to every question, and is found out when it was asked too often. */
function reading(piece: { from: number; last: boolean; records: string[] }): Promise<unknown> {
  let asked = 0;
  return readInvite(
    {
      workspace: hash,
      url: 'http://relay.example',
      relay: signerFromSeed(generateSeed()).publicKey,
      epochs: [{ id: hash, secret: randomBytes(32) }],
      signer: signerFromSeed(generateSeed()),
      now: () => 0,
      random: randomBytes,
      async transport() {
        if (++asked > 20) throw new Error('asked without end');
        const text = JSON.stringify({ base: 0, ...piece });
        return {
          status: 200,
          text: async () => text,
          async *chunks() {
            yield text;
          },
        };
      },
    },
    hash,
  ).then(
    () => 'read',
    ({ code, message, cause }: { code: string; message: string; cause?: Error }) =>
      `${code} ${cause?.message ?? message}`,
  );
}

describe('who joins through a sealed relay', () => {
  it('MCH-25: is not kept reading by a relay that names documents without end', async () => {
    expect(await reading({ from: 1, last: true, records: [] })).toMatch(/^unreachable The relay does not/);
    expect(await reading({ from: 1, last: true, records: ['AAAA'] })).toMatch(/^unreachable The relay does/);
  });

  it('MCH-25: is not kept reading by a relay that gives the same records over and over', async () => {
    expect(await reading({ from: 1, last: false, records: ['AAAA'] })).toMatch(
      /^unreachable The relay answers/,
    );
  });
});

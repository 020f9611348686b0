import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CoterieError, type Entry } from '../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../src/keys/node.ts';
import { readTicket, type Ticket, writeTicket } from '../../src/machines/ticket.ts';
import { createClock, hashOf, makeHeader, sealEntry, toBase32, toBase64url } from '../../src/op/index.ts';

/** A workspace's first operation, and its name. */
async function genesis(name: string): Promise<{ entry: Entry; id: string }> {
  const owner = signerFromSeed(generateSeed());
  const made = makeHeader(nodeCrypto, {
    stamp: createClock({ now: Date.now, random: randomBytes, replica: owner.id }).next(),
    workspace: '',
    log: 'members',
    replica: owner.id,
    seq: 1,
    prev: '',
    after: [],
    type: 'workspace.genesis',
    subject: '',
    data: { name, owner: owner.publicKey, arbiter: owner.id, nonce: toBase32(randomBytes(16)) },
    random: randomBytes,
  });
  return { entry: sealEntry(made.header, made.body, await owner.sign(made.signedBytes)), id: made.hash };
}

async function ticket(more: Partial<Ticket> = {}): Promise<Ticket> {
  const { entry, id } = await genesis('team');
  return {
    workspace: id,
    name: 'team',
    genesis: entry,
    invite: hashOf(nodeCrypto, 'invite'),
    seed: toBase64url(generateSeed()),
    addresses: ['http://127.0.0.1:4270', 'https://relay.example.org'],
    key: signerFromSeed(generateSeed()).publicKey,
    expires: 1_800_000_000_000,
    ...more,
  };
}

function refusal(text: string): CoterieError {
  try {
    readTicket(nodeCrypto, text);
  } catch (error) {
    if (error instanceof CoterieError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('tickets', () => {
  it('MCH-6: are read as they were written, also where a mail broke the line', async () => {
    const made = await ticket();
    const text = writeTicket(nodeCrypto, made);
    expect(text).toMatch(/^coterie1[.][A-Za-z0-9_-]+[.][a-z2-7]{8}$/);
    expect(readTicket(nodeCrypto, text)).toEqual(made);
    expect(readTicket(nodeCrypto, ` ${text.slice(0, 70)}\r\n  ${text.slice(70)}\n`)).toEqual(made);
  });

  it('MCH-7: one that is cut anywhere says so', async () => {
    const text = writeTicket(nodeCrypto, await ticket());
    for (let end = 'coterie1.'.length; end < text.length; end++) {
      const { code, message, exit } = refusal(text.slice(0, end));
      expect([code, exit, /cut short/.test(message)], `${end} of ${text.length}`).toEqual([
        'ticket_invalid',
        2,
        true,
      ]);
    }
  });

  it('MCH-7: one that was changed anywhere is damaged', async () => {
    const text = writeTicket(nodeCrypto, await ticket());
    for (let at = 'coterie1.'.length; at < text.length; at += 7) {
      if (text[at] === '.') continue;
      const other = text[at] === 'b' ? 'c' : 'b';
      const { code, hint } = refusal(text.slice(0, at) + other + text.slice(at + 1));
      expect([code, hint], `${at}`).toEqual([
        'ticket_invalid',
        'Copy it whole, from "coterie1." to its end.',
      ]);
    }
    for (const none of ['', 'hello', 'coterie1', 'coterie1.', 'https://example.org', 'x'.repeat(20_000)])
      expect(refusal(none).code, none.slice(0, 20)).toBe('ticket_invalid');
  });

  it('MCH-7: one of a later version says which program is old', async () => {
    const { code, exit, message } = refusal('coterie2.abc.def');
    expect([code, exit]).toEqual(['protocol_newer', 4]);
    expect(message).toMatch(/version 2/);
  });

  it('MCH-7: one that holds something else is refused, though its checksum holds', async () => {
    const other = await genesis('other');
    const good = await ticket();
    const wrong: readonly Partial<Ticket>[] = [
      { workspace: other.id },
      { genesis: other.entry },
      { name: 'another' },
      { addresses: [] },
      { addresses: ['file:///etc/passwd'] },
      { addresses: ['http://user@host:1'] },
      { addresses: ['http://host:1/path'] },
      { seed: 'short' },
      { key: 'short' },
      { expires: -1 },
      { invite: 'none' },
    ];
    for (const one of wrong) {
      const text = writeTicket(nodeCrypto, { ...good, ...one });
      expect(refusal(text).code, JSON.stringify(one).slice(0, 60)).toBe('ticket_invalid');
    }
    const extra = writeTicket(nodeCrypto, { ...good, more: 1 } as Ticket);
    expect(refusal(extra).code).toBe('ticket_invalid');
  });
});

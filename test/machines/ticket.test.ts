import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CoterieError, type Entry } from '../../schemas/index.ts';
import type { Transport } from '../../src/client/transport.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../src/keys/node.ts';
import { toCode } from '../../src/machines/ticket/code.ts';
import {
  askForTicket,
  markOf,
  openPackage,
  readTicket,
  sealPackage,
  type Ticket,
  type TicketContent,
  ticketKeys,
  writeTicket,
} from '../../src/machines/ticket/index.ts';
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

const relayKey = signerFromSeed(generateSeed()).publicKey;
const ticket = (more: Partial<Ticket> = {}): Ticket => ({
  url: 'https://relay.example.org',
  kind: 'readable',
  secret: Uint8Array.from(randomBytes(16)),
  mark: markOf(nodeCrypto, relayKey),
  ...more,
});

async function content(more: Partial<TicketContent> = {}): Promise<TicketContent> {
  const { entry, id } = await genesis('team');
  return {
    workspace: id,
    name: 'team',
    genesis: entry,
    invite: hashOf(nodeCrypto, 'invite'),
    addresses: ['http://127.0.0.1:4270', 'https://relay.example.org'],
    key: relayKey,
    expires: 1_800_000_000_000,
    role: 'member',
    by: 'kai',
    ...more,
  };
}

function refusal(task: () => unknown): CoterieError {
  try {
    task();
  } catch (error) {
    if (error instanceof CoterieError) return error;
    throw error;
  }
  throw new Error('it was read');
}
const unread = (text: string): CoterieError => refusal(() => readTicket(nodeCrypto, text));

/** A relay of these answers. */
const relay =
  (answers: Readonly<Record<string, unknown>>): Transport =>
  async ({ url }) => {
    const path = url.slice(url.indexOf('/v1/'));
    const body = answers[path] ?? { error: { code: 'not_found', message: 'nothing', hint: 'none' } };
    return {
      status: path in answers ? 200 : 404,
      text: async () => (typeof body === 'string' ? body : JSON.stringify(body)),
      async *chunks() {},
    };
  };
const info = { mode: 'readable', key: relayKey, protocols: [1], version: '1.0.0' };

describe('tickets', () => {
  it('MCH-6: are read as they were written, in any case, with dashes and blanks anywhere, O for 0, I and L for 1', () => {
    for (let i = 0; i < 200; i++) {
      const made = ticket({
        kind: i % 2 ? 'sealed' : 'readable',
        url: i % 3 ? 'http://127.0.0.1:4270' : 'https://relay.example.org/w/aaaaaaaaaaaaaaaaaaaaaaaaaa',
      });
      const text = writeTicket(nodeCrypto, made);
      expect(text).toMatch(/^https?:[^#]+\/join#[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{1,4}){9}$/);
      const [url = '', code = ''] = text.split('#');
      const typed = code.replaceAll('0', 'o').replaceAll('1', i % 2 ? 'I' : 'l');
      for (const one of [
        text,
        `  ${text}\n`,
        `${url}#${code.toLowerCase()}`,
        `${url}#${code.replaceAll('-', '')}`,
        `${url}#${code.replaceAll('-', '  ')}`,
        `${url}#\r\n ${[...code].join('-')}`,
        `${url}/#${typed}`,
      ])
        expect(readTicket(nodeCrypto, one), one).toEqual(made);
    }
  });

  it('MCH-7: what is cut, mistyped or something else is told by what is wrong with it, and none of it is taken for another', () => {
    const text = writeTicket(nodeCrypto, ticket());
    const at = text.indexOf('#') + 1;
    for (let end = 0; end < text.length; end++)
      expect(unread(text.slice(0, end)).code, `${end}`).toBe('ticket_invalid');
    const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    let passed = 0;
    let tried = 0;
    for (let i = at; i < text.length; i++)
      for (const other of text[i] === '-' ? [] : alphabet) {
        if (other === text[i]) continue;
        tried++;
        try {
          readTicket(nodeCrypto, text.slice(0, i) + other + text.slice(i + 1));
          passed++;
        } catch (error) {
          expect(['ticket_invalid', 'protocol_newer']).toContain((error as CoterieError).code);
        }
      }
    for (const first of [0x10, 0x02, 0xf1]) {
      const head = Uint8Array.from([first, ...randomBytes(20)]);
      const code = toCode(Uint8Array.from([...head, ...nodeCrypto.sha256(head).slice(0, 2)]));
      const { code: says, exit } = unread(`https://example.org/join#${code}`);
      expect([says, exit]).toEqual(['protocol_newer', 4]);
    }
    // 16 bits of checksum: about one in 65,536 passes.
    expect(tried).toBeGreaterThan(1000);
    expect(passed).toBeLessThan(4);
    const cases: readonly (readonly [text: string, says: RegExp])[] = [
      ['', /does not begin/],
      ['hello', /does not begin/],
      ['coterie1.abc.def', /does not begin/],
      [`file:///join#${text.slice(at)}`, /does not begin/],
      ['https://example.org', /no code/],
      ['https://example.org/join', /no code/],
      ['https://example.org/join#', /cut short/],
      ['https://example.org/join#ABCD', /cut short/],
      ['https://example.org/join#UUUU-UUUU', /characters that no code has/],
      [`https://example.org/other#${text.slice(at)}`, /something else than/],
      [`https://user@example.org/join#${text.slice(at)}`, /address/],
      [`https://example.org/a/b/join#${text.slice(at)}`, /address/],
      [`https://example.org?x=1/join#${text.slice(at)}`, /address/],
      [`${text}-0000`, /mistyped|characters/],
      [`https://${'x'.repeat(2000)}/join#A`, /too long/],
    ];
    for (const [given, says] of cases) {
      const { code, message, exit } = unread(given);
      expect([code, exit], given.slice(0, 60)).toEqual(['ticket_invalid', 2]);
      expect(message, given.slice(0, 60)).toMatch(says);
    }
  });

  it('MCH-7: what a relay keeps for a ticket opens with its secret alone, unchanged, and holds nothing else', async () => {
    const { secret } = ticket();
    const good = await content();
    const sealed = sealPackage(secret, good, randomBytes);
    expect(openPackage(nodeCrypto, secret, sealed)).toEqual({
      ...good,
      seed: toBase64url(ticketKeys(secret).seed),
    });
    expect(sealed).not.toBe(sealPackage(secret, good, randomBytes));
    const other = ticket().secret;
    const flipped = `${sealed.slice(0, 80)}${sealed[80] === 'A' ? 'B' : 'A'}${sealed.slice(81)}`;
    for (const [name, text] of Object.entries({
      flipped,
      cut: sealed.slice(0, -4),
      longer: `${sealed}AAAA`,
      empty: '',
      'of another ticket': sealPackage(other, good, randomBytes),
    }))
      expect(refusal(() => openPackage(nodeCrypto, secret, text)).code, name).toBe('ticket_invalid');
    const another = await genesis('other');
    const wrong: readonly Partial<TicketContent>[] = [
      { workspace: another.id },
      { genesis: another.entry },
      { name: 'another' },
      { addresses: [] },
      { addresses: ['file:///etc/passwd'] },
      { addresses: ['http://user@host:1'] },
      { addresses: ['http://host:1/path'] },
      { key: 'short' },
      { expires: -1 },
      { invite: 'none' },
      { role: 'king' as 'owner' },
      { sealed: { epochs: [] } },
      { more: 1 } as Partial<TicketContent>,
    ];
    for (const one of wrong) {
      const text = sealPackage(secret, { ...good, ...one }, randomBytes);
      expect(
        refusal(() => openPackage(nodeCrypto, secret, text)).code,
        JSON.stringify(one).slice(0, 60),
      ).toBe('ticket_invalid');
    }
  });

  it('MCH-7: nobody but the relay of the ticket is asked for it, and it tells when it does not have it', async () => {
    const made = ticket();
    const { id } = ticketKeys(made.secret);
    const kept = { sealed: sealPackage(made.secret, await content(), randomBytes), expires: 1 };
    const at = `/v1/packages/${id}`;
    const asked = (answers: Readonly<Record<string, unknown>>) =>
      askForTicket(writeTicket(nodeCrypto, made), { crypto: nodeCrypto, transport: relay(answers) });
    expect((await asked({ '/v1/relay': info, [at]: kept })).by).toBe('kai');
    const other = { ...info, key: signerFromSeed(generateSeed()).publicKey };
    const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
      ['another key', { '/v1/relay': other, [at]: kept }, 'ticket_elsewhere'],
      ['another kind', { '/v1/relay': { ...info, mode: 'sealed' }, [at]: kept }, 'ticket_elsewhere'],
      ['no relay', { '/v1/relay': { hello: 'world' }, [at]: kept }, 'ticket_elsewhere'],
      ['a page', { '/v1/relay': '<html>' }, 'ticket_elsewhere'],
      ['without it', { '/v1/relay': info }, 'ticket_lost'],
      ['with something else', { '/v1/relay': info, [at]: [1] }, 'ticket_elsewhere'],
      [
        'with what is too large',
        { '/v1/relay': info, [at]: { ...kept, sealed: 'A'.repeat(50_000) } },
        'ticket_elsewhere',
      ],
      ['with what was altered', { '/v1/relay': info, [at]: { ...kept, sealed: 'AAAA' } }, 'ticket_invalid'],
    ];
    for (const [name, answers, code] of cases)
      await expect(asked(answers), name).rejects.toMatchObject({ code });
  });
});

import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AdmissionRequest, CoterieError, Package, type SealedRecords } from '../../schemas/index.ts';
import { SealedInvite } from '../../schemas/sealed.ts';
import type { Mailboxes } from '../../src/seal/mailbox/index.ts';
import { askerOf } from '../http/address.ts';
import { openAllowance, type RateLimit } from '../http/allowance.ts';
import { check, expectNoBody, queryOf, readJson } from '../http/input.ts';
import type { Metrics } from '../http/metrics.ts';
import type { OwnRoute } from '../http/own.ts';
import { type OwnRoutesOptions, routesOfRelay, tokenOf } from '../http/own-routes.ts';
import type { Packages } from './packages.ts';
import type { Prove } from './sockets.ts';

export interface SealedRoutesOptions extends Omit<OwnRoutesOptions, 'measured'> {
  readonly mailboxes: Pick<Mailboxes, 'countersign' | 'admits' | 'read' | 'invite' | 'uninvite'>;
  readonly packages: Packages;
  readonly prove: Prove;
  readonly metrics: Metrics;
  /** How often one address may ask what costs something. */
  readonly rate: RateLimit;
}

const packageId = /^[A-Za-z0-9_-]{43}$/;
const After = z.strictObject({ after: z.coerce.number().int().min(0).default(0) });
const inviteId = /^[a-z2-7]{26}$/;

/** The mailbox that a proof of key says it is for, before anything of it is believed. */
function mailboxOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      readonly ws?: unknown;
    } | null;
    if (typeof claims?.ws === 'string' && /^[A-Za-z0-9_-]{43}$/.test(claims.ws)) return claims.ws;
  } catch {
    // No proof at all.
  }
  throw new CoterieError('unauthorized', 'The proof of key can not be read.');
}

/** What a sealed relay answers over HTTP: who it is, packages of tickets, admissions. */
export function sealedRoutes(options: SealedRoutesOptions): readonly OwnRoute[] {
  const { mailboxes, packages, prove, metrics } = options;
  const allowance = openAllowance(options.rate);
  const take = (incoming: IncomingMessage): Promise<void> => allowance.take(askerOf(incoming).address);

  /** The mailbox that a request proves a key for, and that key. */
  async function proved(incoming: IncomingMessage): Promise<{ mailbox: string; key: string }> {
    const token = tokenOf(incoming);
    if (token === undefined) throw new CoterieError('unauthorized', 'The request carries no proof of key.');
    const mailbox = mailboxOf(token);
    const proven = await prove(token, mailbox);
    if ('refused' in proven) throw new CoterieError('unauthorized', `The proof of key is ${proven.refused}.`);
    return { mailbox, key: proven.key };
  }

  /** The key that a request proves for this mailbox. */
  async function keyFor(incoming: IncomingMessage, mailbox: string): Promise<string> {
    const by = await proved(incoming);
    if (by.mailbox === mailbox) return by.key;
    throw new CoterieError('unauthorized', 'The proof of key is for another mailbox.');
  }

  /** The mailbox by whose admitted key a request is made. */
  async function authenticate(incoming: IncomingMessage): Promise<string> {
    const { mailbox, key } = await proved(incoming);
    if (!(await mailboxes.admits(mailbox, key)))
      throw new CoterieError('forbidden', 'The key is not admitted to that mailbox.');
    return mailbox;
  }

  function idOf({ id = '' }: Readonly<Record<string, string>>): string {
    if (packageId.test(id)) return id;
    throw new CoterieError('invalid', 'the id of a package is 43 base64url characters');
  }

  return [
    ...routesOfRelay({ ...options, measured: () => metrics.text([]) }),
    {
      method: 'POST',
      path: '/v1/invites/{invite}/admissions',
      async run({ incoming, params: { invite = '' } }) {
        await take(incoming);
        if (!inviteId.test(invite)) throw new CoterieError('invalid', 'an invite is 26 base32 characters');
        const request = check(AdmissionRequest, await readJson(incoming, false));
        return mailboxes.countersign(invite, request);
      },
    },
    {
      method: 'GET',
      path: '/v1/mailboxes/{mailbox}/documents/{document}',
      async run({ incoming, params: { mailbox = '', document = '' } }) {
        expectNoBody(incoming);
        await take(incoming);
        const by = await keyFor(incoming, mailbox);
        if (!packageId.test(document))
          throw new CoterieError('invalid', 'a document is 43 base64url characters');
        const search = new URL(incoming.url ?? '/', 'http://relay').searchParams;
        const { after } = check(After, queryOf(search));
        const piece = await mailboxes.read(mailbox, by, document, after);
        const { base, from, last } = piece;
        const records = piece.records.map((record) => Buffer.from(record).toString('base64url'));
        return { base, from, last, records } satisfies SealedRecords;
      },
    },
    {
      method: 'POST',
      path: '/v1/mailboxes/{mailbox}/invites',
      status: 201,
      async run({ incoming, params: { mailbox = '' } }) {
        await take(incoming);
        const by = await keyFor(incoming, mailbox);
        const asked = check(SealedInvite, await readJson(incoming, false));
        await mailboxes.invite(mailbox, by, asked);
        return { invite: asked.invite };
      },
    },
    {
      method: 'POST',
      path: '/v1/mailboxes/{mailbox}/invites/{invite}/revoke',
      async run({ incoming, params: { mailbox = '', invite = '' } }) {
        await take(incoming);
        await mailboxes.uninvite(mailbox, await keyFor(incoming, mailbox), invite);
        return { invite };
      },
    },
    {
      method: 'PUT',
      path: '/v1/packages/{id}',
      async run({ incoming, params }) {
        const id = idOf(params);
        await take(incoming);
        const by = await authenticate(incoming);
        const given = check(Package, await readJson(incoming, false));
        await packages.put(id, by, given);
        return { id };
      },
    },
    {
      method: 'GET',
      path: '/v1/packages/{id}',
      async run({ incoming, params }) {
        const id = idOf(params);
        await take(incoming);
        const found = await packages.get(id);
        if (!found) throw new CoterieError('not_found', 'There is no such package here.');
        return found;
      },
    },
  ];
}

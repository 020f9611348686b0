import { CoterieError, Package, RelayInfo } from '../../../schemas/index.ts';
import { type Caller, createCaller } from '../../client/call.ts';
import type { Transport } from '../../client/transport.ts';
import type { Crypto } from '../../op/index.ts';
import { ticketKeys } from './keys.ts';
import { type OpenedTicket, openPackage } from './package.ts';
import { markOf, readTicket, type Ticket } from './ticket.ts';

export interface AskOptions {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly transport: Transport;
}

export const stranger = (address: string, cause?: unknown): CoterieError =>
  new CoterieError('ticket_elsewhere', `Who answers at ${address} is not the relay of this ticket.`, {
    cause,
  });

/** Nobody answers, or what does speaks in other words than ours. */
export function unanswered(address: string, error: CoterieError): CoterieError {
  // Something answered, and not in our words: another program has the port.
  if (error.cause === undefined) return stranger(address, error);
  return new CoterieError('unreachable', `The relay of the ticket does not answer at ${address}.`, {
    hint: 'It runs on the machine of who invited you: ask whether their node is up, then join again.',
    cause: error,
  });
}

/** Codes of what is no relay of this version. */
export const foreign: ReadonlySet<string> = new Set(['no_route', 'unauthorized', 'bad_method']);

async function asked(caller: Caller, url: string, path: string): Promise<unknown> {
  try {
    return await caller.json('GET', path);
  } catch (error) {
    if (!(error instanceof CoterieError)) throw error;
    if (foreign.has(error.code)) throw stranger(url, error);
    throw error.code === 'unreachable' ? unanswered(url, error) : error;
  }
}

/**
 * Asks the relay of a ticket what it stands for. Rejects with `ticket_invalid` for a text that is none and for what was
 * altered, `ticket_elsewhere` where another answers, `ticket_lost` where the relay does not have it (any more),
 * `protocol_newer`, and `unreachable`.
 */
export async function askForTicket(text: string, { crypto, transport }: AskOptions): Promise<OpenedTicket> {
  const ticket: Ticket = readTicket(crypto, text);
  const { url, kind, secret, mark } = ticket;
  const caller = createCaller(url, undefined, transport);
  const relay = RelayInfo.safeParse(await asked(caller, url, '/relay'));
  const isIt = relay.success && markOf(crypto, relay.data.key).every((byte, i) => byte === mark[i]);
  if (!isIt || (relay.data.mode === 'sealed') !== (kind === 'sealed')) throw stranger(url);
  const { id } = ticketKeys(secret);
  const kept = Package.safeParse(
    await asked(caller, url, `/packages/${id}`).catch((error: unknown) => {
      if (!(error instanceof CoterieError) || error.code !== 'not_found') throw error;
      throw new CoterieError(
        'ticket_lost',
        `The relay at ${url} does not have this ticket, or not any more.`,
        {
          cause: error,
        },
      );
    }),
  );
  if (!kept.success) throw stranger(url);
  return openPackage(crypto, secret, kept.data.sealed);
}

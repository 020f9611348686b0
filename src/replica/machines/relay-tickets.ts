import {
  CoterieError,
  type Hash,
  type MembersLog,
  type Package,
  RelayInfo,
  type TicketKept,
} from '../../../schemas/index.ts';
import type { SealedInvite } from '../../../schemas/sealed.ts';
import { type Caller, createCaller } from '../../client/call.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { makeProof } from '../../keys/proof.ts';
import type { Signer } from '../../op/index.ts';
import { mailboxId } from '../../seal/names.ts';
import { pooledRandom } from '../random.ts';

export interface TicketRelayOptions {
  readonly relay: {
    /** Of a readable one that of the workspace's doors there. */
    readonly url: string;
    /** Its listening key. */
    readonly key: string;
    readonly mode: 'readable' | 'sealed';
  };
  readonly workspace: Hash;
  /** The replica's own key. */
  readonly signer: Pick<Signer, 'publicKey' | 'sign'>;
  readonly now: () => number;
  readonly transport?: Transport | undefined;
}

/** What a relay is given of a ticket. */
export interface GivenTicket {
  readonly invite: SealedInvite;
  /** The `invite.create`, for a relay that reads it. */
  readonly operation: MembersLog['members'][number];
  /** Of the package. */
  readonly id: string;
  readonly kept: Package;
}

/** A relay, as who invites needs it: it countersigns who joins, and keeps what tickets stand for. */
export interface TicketRelay {
  /** Resolves when it answers, and is the one that was added. */
  reach(): Promise<void>;
  /** Done again with the same it changes nothing. */
  give(ticket: GivenTicket): Promise<void>;
  /** An invite that it does not know is ended already. */
  end(invite: Hash): Promise<void>;
}

/** Rejects with `unreachable`, `relay_changed`, and as the relay refuses: with `forbidden` while it does not know an admin. */
export function openTicketRelay(options: TicketRelayOptions): TicketRelay {
  const { relay, workspace, signer, now, transport = fetchTransport } = options;
  const { url, key, mode } = relay;
  const mailbox = mailboxId(nodeCrypto, workspace);

  async function reach(): Promise<void> {
    const info = RelayInfo.safeParse(await createCaller(url, undefined, transport).json('GET', '/relay'));
    if (!info.success || info.data.key !== key)
      throw new CoterieError('relay_changed', `Another relay answers at ${url} than the one that was added.`);
  }

  async function caller(): Promise<Caller> {
    await reach();
    const of = mode === 'sealed' ? mailbox : workspace;
    const about = { audience: key, workspace: of, now: now(), random: pooledRandom };
    return createCaller(url, await makeProof(signer, about), transport);
  }

  return {
    reach,
    async give({ invite, operation, id, kept }) {
      if (mode === 'readable') {
        const body: TicketKept = { sealed: kept.sealed, invite: operation };
        await (await caller()).json('PUT', `/packages/${id}`, { body });
        return;
      }
      await (await caller()).json('POST', `/mailboxes/${mailbox}/invites`, { body: invite });
      await (await caller()).json('PUT', `/packages/${id}`, { body: kept });
    },
    async end(invite) {
      // A relay that is a replica learns it as all replicas do.
      if (mode === 'readable') return;
      try {
        await (await caller()).json('POST', `/mailboxes/${mailbox}/invites/${invite}/revoke`);
      } catch (error) {
        if (!(error instanceof CoterieError) || error.code !== 'not_found') throw error;
      }
    },
  };
}

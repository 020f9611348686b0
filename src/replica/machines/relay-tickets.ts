import { CoterieError, type Hash, type Package, RelayInfo } from '../../../schemas/index.ts';
import type { SealedInvite } from '../../../schemas/sealed.ts';
import { type Caller, createCaller } from '../../client/call.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { makeProof } from '../../keys/proof.ts';
import type { Signer } from '../../op/index.ts';
import { mailboxId } from '../../seal/names.ts';
import { pooledRandom } from '../random.ts';

export interface TicketRelayOptions {
  readonly url: string;
  /** Its listening key. */
  readonly key: string;
  readonly workspace: Hash;
  /** The replica's own key. */
  readonly signer: Pick<Signer, 'publicKey' | 'sign'>;
  readonly now: () => number;
  readonly transport?: Transport | undefined;
}

/** A sealed relay, as who invites needs it: it countersigns who joins, and keeps what tickets stand for. */
export interface TicketRelay {
  /** Resolves when it answers, and is the one that was added. */
  reach(): Promise<void>;
  /** Done again with the same it changes nothing. */
  register(invite: SealedInvite): Promise<void>;
  keep(id: string, given: Package): Promise<void>;
  /** An invite that it does not know is ended already. */
  end(invite: Hash): Promise<void>;
}

/** Rejects with `unreachable`, `relay_changed`, and as the relay refuses: with `forbidden` while it does not know an admin. */
export function openTicketRelay(options: TicketRelayOptions): TicketRelay {
  const { url, key, workspace, signer, now, transport = fetchTransport } = options;
  const mailbox = mailboxId(nodeCrypto, workspace);

  async function reach(): Promise<void> {
    const info = RelayInfo.safeParse(await createCaller(url, undefined, transport).json('GET', '/relay'));
    if (!info.success || info.data.key !== key)
      throw new CoterieError('relay_changed', `Another relay answers at ${url} than the one that was added.`);
  }

  async function caller(): Promise<Caller> {
    await reach();
    const about = { audience: key, workspace: mailbox, now: now(), random: pooledRandom };
    return createCaller(url, await makeProof(signer, about), transport);
  }

  return {
    reach,
    async register(invite) {
      await (await caller()).json('POST', `/mailboxes/${mailbox}/invites`, { body: invite });
    },
    async keep(id, given) {
      await (await caller()).json('PUT', `/packages/${id}`, { body: given });
    },
    async end(invite) {
      try {
        await (await caller()).json('POST', `/mailboxes/${mailbox}/invites/${invite}/revoke`);
      } catch (error) {
        if (!(error instanceof CoterieError) || error.code !== 'not_found') throw error;
      }
    },
  };
}

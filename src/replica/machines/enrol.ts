import {
  type Admission,
  type AdmissionRequest,
  CoterieError,
  Hosted,
  HostingOffer,
  type HostingRequest,
} from '../../../schemas/index.ts';
import { createCaller } from '../../client/call.ts';
import { fetchTransport, type Transport } from '../../client/transport.ts';
import { generateSeed, signerFromSeed } from '../../keys/node.ts';
import type { Host } from '../../machines/host.ts';
import { toBase64url } from '../../op/index.ts';
import { entryOf, keys, type OperationRow } from '../commit/rows.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';
import { type InviteRow, inviteKey } from './invites.ts';
import { mustBe } from './roles.ts';

/** A readable relay, and the code that lets a workspace in. */
export interface HostingRelay {
  readonly url: string;
  readonly code?: string | undefined;
}

/** The invite by which a relay comes in is used at once, ms. */
const lasts = 10 * 60_000;

export interface EnrolOptions {
  readonly writing: Writing;
  readonly actor: Actor;
  readonly host: Host | undefined;
  readonly countersign: (invite: string, request: AdmissionRequest) => Promise<Admission>;
  readonly now: () => number;
  readonly transport?: Transport | undefined;
}

/**
 * Makes a readable relay a replica of the workspace, unless it is one. Everything goes from here to there, so that this
 * machine need not be reached: the relay makes a key, this replica countersigns it by an invite made for it, and sends
 * the admission with the members log. Rejects with `forbidden` for who is no admin, with what the relay says, and with
 * `unreachable`.
 */
export async function enrol(options: EnrolOptions, relay: HostingRelay): Promise<void> {
  const { writing, transport = fetchTransport } = options;
  const { workspace } = writing.reading;
  const caller = createCaller(relay.url, undefined, transport);
  if (await isHosted(caller, workspace)) return;
  const request = await invited(options, relay);
  const offer = HostingOffer.safeParse(await caller.json('POST', '/hosted', { body: request }));
  if (!offer.success) throw noRelay(relay.url);
  const asked = offer.data.admission as AdmissionRequest;
  const admission = await options.countersign(request.invite, asked);
  const done = Hosted.safeParse(
    await caller.json('POST', `/hosted/${workspace}/admission`, { body: { nonce: asked.nonce, admission } }),
  );
  if (!done.success) throw noRelay(relay.url);
}

const noRelay = (url: string): CoterieError =>
  new CoterieError('unreachable', `${url} answered something that no readable relay says.`, {
    hint: 'Is this the URL of a Coterie relay of this version?',
  });

async function isHosted(caller: ReturnType<typeof createCaller>, workspace: string): Promise<boolean> {
  try {
    return Hosted.safeParse(await caller.json('GET', `/hosted/${workspace}`)).success;
  } catch (error) {
    if (error instanceof CoterieError && error.code === 'not_found') return false;
    throw error;
  }
}

/** The invite for the relay, and all that it needs of the workspace. */
async function invited(
  { writing, actor, host, now }: EnrolOptions,
  { code }: HostingRelay,
): Promise<HostingRequest> {
  const { database, membership, workspace } = writing.reading;
  if (host === undefined) throw new CoterieError('closed', 'The node is stopping.');
  const seed = generateSeed();
  const expires = now() + lasts;
  const addresses = host.addresses.slice(0, 8);
  const invite = await once(writing, { actor, input: undefined }, async (work) => {
    mustBe(writing, actor, 'admin', 'has a relay host the workspace');
    const hash = await writing.ledger.append(work, {
      log: 'members',
      type: 'invite.create',
      member: actor.id,
      data: {
        seed: signerFromSeed(seed).publicKey,
        role: 'member',
        expires,
        uses: 1,
        countersigner: writing.reading.replica,
      },
    });
    work.draft.put(inviteKey(hash), { addresses, machines: {} } satisfies InviteRow);
    return hash;
  });
  const genesis = await database.getConfirmed<OperationRow>(keys.operation(workspace));
  if (!genesis) throw new CoterieError('internal', 'the genesis is not stored');
  return {
    workspace,
    name: membership.state.name,
    genesis: entryOf(genesis),
    invite,
    seed: toBase64url(seed),
    expires,
    key: host.key,
    addresses: [...addresses],
    ...(code === undefined ? {} : { code }),
  };
}

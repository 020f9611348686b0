import { randomBytes } from 'node:crypto';
import { connectSocket, type Socket } from '../../../relay/mux/socket.ts';
import { type SealedRelay, type SealedRelayOptions, startSealedRelay } from '../../../relay/sealed/relay.ts';
import { sealedProtocol } from '../../../schemas/sealed.ts';
import { makeProof } from '../../../src/keys/proof.ts';
import type { Signer } from '../../../src/op/index.ts';
import { type Client, listOf, newId, newSigner, openClient } from '../../seal/mailbox/support.ts';
import { scratch } from '../../support/scratch.ts';

/** A relay on any free port, in a directory of its own unless said. */
export const startRelay = (options: Partial<SealedRelayOptions> = {}): Promise<SealedRelay> =>
  startSealedRelay({ directory: scratch(), port: 0, durability: 'os', ...options });

export const proofOf = (
  signer: Signer,
  { key }: Pick<SealedRelay, 'key'>,
  mailbox: string,
  { now = Date.now(), documents = '' } = {},
): Promise<string> =>
  makeProof(signer, { audience: key, workspace: mailbox, documents, now, random: randomBytes });

/** A session over a real socket. Without a token it shows a proof of its key. */
export async function dial(
  relay: Pick<SealedRelay, 'url' | 'key'>,
  signer: Signer,
  mailbox: string,
  { token }: { token?: string | undefined } = {},
): Promise<Client> {
  const protocol = sealedProtocol.subprotocol;
  const shown = token ?? (await proofOf(signer, relay, mailbox));
  return openClient(
    {
      join(_, __, transport) {
        let open: Socket | undefined;
        const waiting: Uint8Array[] = [];
        connectSocket({
          url: `${relay.url.replace(/^http/, 'ws')}/sealed/${mailbox}`,
          maxPayload: 2 * sealedProtocol.frameBytes,
          protocols: shown === '' ? [protocol] : [protocol, `token.${shown}`],
          opened(socket) {
            open = socket;
            for (const frame of waiting) socket.send(frame);
            return {
              message: (frame) => transport.send(frame),
              drained: () => undefined,
              closed: (code, reason) => transport.close(code, reason),
            };
          },
          failed: (error) => transport.close(0, error.message),
        });
        return {
          key: signer.publicKey,
          phase: 'greeting',
          subscribed: false,
          expires: 0,
          receive: (frame) => (open ? open.send(frame) : void waiting.push(frame)),
          drained: () => undefined,
          closed: () => undefined,
          close: (code, reason) => open?.close(code, reason),
        };
      },
    },
    { signer, mailbox, expires: 0 },
  );
}

/** A mailbox at a relay, with the session of its owner. */
export async function foundAt(relay: SealedRelay, others: readonly Signer[] = [], owner = newSigner()) {
  const mailbox = newId();
  const admin = await dial(relay, owner, mailbox);
  await admin.hello();
  const list = await listOf(owner, { mailbox, keys: others });
  admin.send({ type: 'create', tag: 1, list, code: relay.code });
  const hello = await admin.next('hello');
  return { mailbox, admin, list, hello };
}

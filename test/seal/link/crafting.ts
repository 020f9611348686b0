import { randomBytes } from 'node:crypto';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { recordHash } from '../../../src/seal/chain.ts';
import { documentIds, documentKey, epochMark, mailboxId } from '../../../src/seal/names.ts';
import { noRecord, readHead, writeRecord } from '../../../src/seal/record.ts';
import type { Peer } from '../../replica/sync/support.ts';
import type { Rig } from '../mailbox/support.ts';

/** Appends records to one document of a mailbox as a replica would, over a session of its own. */
export async function crafting(rig: Rig, { source, replica }: Peer, name: string) {
  const { keyring, publicKey } = source;
  const mailbox = mailboxId(nodeCrypto, source.workspace);
  const founding = keyring.founding();
  if (!founding) throw new Error('no epoch');
  const document = documentIds(mailbox, founding)(name);
  const signer = { publicKey, id: replica.id, sign: (bytes: Uint8Array) => source.sign(bytes) };
  const client = rig.connect(signer, mailbox);
  await client.hello();
  client.send({ type: 'read', tag: 1, document, after: 0, max: 1_000_000 });
  const { records } = await client.next('records');
  const last = records.findLast((record) => readHead(record)?.author === publicKey);
  let seq = (last && readHead(last)?.seq) ?? 0;
  let hash = last ? recordHash(nodeCrypto, last) : noRecord;
  let made = new Uint8Array();

  async function send(): Promise<void> {
    client.send({ type: 'append', tag: seq, document, record: made });
    await client.next('appended');
  }

  return {
    async append(update: Uint8Array): Promise<void> {
      const epoch = keyring.current();
      if (!epoch) throw new Error('no epoch');
      made = new Uint8Array(
        writeRecord({
          place: { mailbox, document },
          head: {
            epoch: epochMark(nodeCrypto, epoch.id),
            author: publicKey,
            seq: seq + 1,
            prev: hash,
            snapshot: undefined,
          },
          key: documentKey(epoch, document),
          name,
          payload: { kind: 'update', update },
          random: randomBytes,
        }),
      );
      [seq, hash] = [seq + 1, recordHash(nodeCrypto, made)];
      await send();
    },
    /** The last one once more. */
    again: send,
  };
}

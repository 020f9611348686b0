import { z } from 'zod';
import { Hash } from '../../../schemas/index.ts';
import { type Crypto, fromBase64url, hash16, toBase64url, utf8 } from '../../op/index.ts';
import { type KeyPair, openBox, sealTo } from '../../seal/box.ts';
import { derive } from '../../seal/derive.ts';
import type { EpochKey } from '../../seal/names.ts';

/** Bytes of an epoch's secret. */
export const secretBytes = 32;
/** Epochs in one letter: the newest, of more. */
const mostEpochs = 200;

/** What an `epoch.begin` says of its secret: who is told one elsewhere knows by it that it is that. */
export const checkOf = (crypto: Pick<Crypto, 'sha256'>, workspace: Hash, secret: Uint8Array): Hash =>
  hash16(crypto, derive(secret, utf8(workspace), 'coterie epoch check 1'));

const Letter = z.strictObject({
  v: z.literal(1),
  epochs: z.array(z.tuple([Hash, z.string().length(43)])).max(mostEpochs),
});

const additional = (workspace: Hash, replica: Hash): Uint8Array =>
  utf8(`coterie letter 1\n${workspace}\n${replica}`);

/** Secrets of epochs, sealed to a replica. It need not be signed: what it says is held against the operations. */
export function letterOf(about: {
  readonly workspace: Hash;
  readonly to: { readonly id: Hash; readonly encryption: string };
  readonly known: readonly EpochKey[];
  readonly random: (bytes: number) => Uint8Array;
}): Uint8Array | undefined {
  const { workspace, to, known, random } = about;
  const epochs = known
    .slice(-mostEpochs)
    .map(({ id, secret }): [string, string] => [id, toBase64url(secret)]);
  const text = JSON.stringify({ v: 1, epochs } satisfies z.infer<typeof Letter>);
  return sealTo(to.encryption, utf8(text), additional(workspace, to.id), random);
}

/** What a letter says; nothing for one that is for someone else, or none. */
export function readLetter(about: {
  readonly workspace: Hash;
  readonly self: Hash;
  readonly box: KeyPair;
  readonly letter: Uint8Array;
}): readonly EpochKey[] {
  const opened = openBox(about.box, about.letter, additional(about.workspace, about.self));
  if (!opened) return [];
  try {
    const parsed = Letter.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(opened)));
    return (parsed.data?.epochs ?? []).flatMap(([id, text]) => {
      const secret = fromBase64url(text, secretBytes);
      return secret ? [{ id, secret }] : [];
    });
  } catch {
    return [];
  }
}

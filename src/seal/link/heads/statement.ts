import { z } from 'zod';
import { Hash, Millis, PublicKey } from '../../../../schemas/index.ts';
import { utf8 } from '../../../op/index.ts';

/** Documents in one statement: those that moved last. */
export const statedDocuments = 64;

const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** How far a replica has read a mailbox of a sealed relay. */
export const HeadsStated = z.object({
  v: z.literal(1),
  /** Who says it. */
  replica: Hash,
  /** Key of the relay. */
  relay: PublicKey,
  mailbox: Bytes32,
  incarnation: Bytes32,
  /** Higher replaces lower: ms of the replica's clock, never twice the same. */
  at: Millis,
  /** Name at the relay, offset of a record, and the chain there. */
  documents: z.array(z.tuple([Bytes32, z.int().min(1), Bytes32])).max(statedDocuments),
});
export type HeadsStated = z.infer<typeof HeadsStated>;

/** Undefined for what is no statement. */
export function readStated(text: string): HeadsStated | undefined {
  try {
    return HeadsStated.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What is signed: with the workspace, so that it says nothing in another, and apart from all else that is signed. */
export const statedBytes = (workspace: string, text: string): Uint8Array =>
  utf8(`coterie heads 1\n${workspace}\n${text}`);

/** One statement of each replica for each mailbox stands. */
export const nameOfStated = ({ replica, incarnation }: HeadsStated): string => `${replica}/${incarnation}`;

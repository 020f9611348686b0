import {
  type Admission,
  CoterieError,
  type OwnReplica,
  type OwnReplicaRequest,
} from '../../../schemas/index.ts';
import type { Signer } from '../../op/index.ts';
import { askIn } from '../workspace/ask-in.ts';
import type { WorkspaceRow } from '../workspace/key.ts';

export interface OwnReplicaOptions {
  readonly row: WorkspaceRow;
  readonly signer: Signer;
  readonly config: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly membersLog: () => Promise<Admission['members']>;
}

/**
 * Lets a replica in by the secret of this machine, for a place that shall not have that secret: the page of the person
 * whose machine it is. Such a replica may speak for every member of the machine, so nobody else gets one.
 */
export async function admitOwn(
  options: OwnReplicaOptions,
  handle: string,
  keys: OwnReplicaRequest,
): Promise<OwnReplica> {
  const { row, membersLog } = options;
  if (handle !== row.as)
    throw new CoterieError(
      'forbidden',
      `Only ${row.as}, whose machine this is, keeps a replica in a browser.`,
      {
        hint: 'The page works without one, as long as the node answers.',
      },
    );
  const { genesis, proof, invited } = await askIn({ ...options, chosen: undefined }, keys);
  return {
    workspace: { id: row.id, name: row.name },
    machine: row.machine,
    ...(row.maker === undefined ? {} : { maker: row.maker }),
    genesis,
    members: await membersLog(),
    proof,
    ...(invited ? { invited } : {}),
  };
}

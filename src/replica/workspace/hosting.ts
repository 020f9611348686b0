import { CoterieError, type HostingRequest } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../keys/node.ts';
import { readEntry } from '../../op/index.ts';
import { keepJoined } from './machine.ts';

/**
 * Keeps the secret of a workspace that asks to be hosted, in a configuration directory of its own, and answers the name of
 * its file: a directory that is opened with it becomes a replica of that workspace. Throws `invalid` for a genesis of
 * another workspace.
 */
export async function keepHosted(config: string, request: HostingRequest): Promise<string> {
  const { workspace: id, name, seed, invite, addresses, key, expires } = request;
  const genesis = readEntry(nodeCrypto, request.genesis);
  if (
    !genesis.ok ||
    genesis.hash !== id ||
    genesis.entry.header.type !== 'workspace.genesis' ||
    genesis.entry.header.data['name'] !== name
  )
    throw new CoterieError('invalid', 'genesis: it is not that of the workspace');
  return keepJoined(
    config,
    { genesis: genesis.entry, id, name, seed },
    { invite, addresses: [...addresses], key, expires },
  );
}

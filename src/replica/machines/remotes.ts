import { CoterieError, RemoteAdd, RemoteRemove } from '../../../schemas/index.ts';
import type { Host, Remoting } from '../../machines/host.ts';
import { checked } from '../checked.ts';
import type { Surface } from '../surface.ts';
import { type Actor, introduce, type Writing } from '../writing/context.ts';
import type { Machines } from './machines.ts';
import { mustBe } from './roles.ts';

/** What the host dials always. Throws `unreachable` without one, `unsupported` where nobody may say whom it dials. */
export function remotingOf(host: Host | undefined): Remoting {
  if (host === undefined)
    throw new CoterieError('unreachable', 'No node runs here that could dial a relay.', {
      hint: 'Start one with: coterie up',
    });
  if (host.remotes === undefined)
    throw new CoterieError('unsupported', 'This replica is dialled, and dials nobody.', {
      hint: 'Add the relay where a node of the workspace runs.',
    });
  return host.remotes;
}

/** Whom this replica dials, for one member: an admin changes it, since it decides who gets everything. */
export function remoteVerbs(
  machines: Pick<Machines, 'remotes' | 'enrol'>,
  writing: Writing,
  actor: Actor,
): Surface['remotes'] {
  async function asAdmin(does: string): Promise<Remoting> {
    // The owner of a workspace is one with its first write.
    await introduce(writing, actor);
    mustBe(writing, actor, 'admin', does);
    return machines.remotes();
  }
  return {
    list: async () => ({ items: [...machines.remotes().list()] }),
    async add(input) {
      const valid = checked(RemoteAdd, input);
      return (await asAdmin('adds a remote')).add(valid, (relay) => machines.enrol(actor, relay));
    },
    async remove(url) {
      const valid = checked(RemoteRemove, { url });
      return (await asAdmin('removes a remote')).remove(valid.url);
    },
  };
}

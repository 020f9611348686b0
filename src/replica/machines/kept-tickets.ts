import { CoterieError, type Package, type TicketKept } from '../../../schemas/index.ts';
import type { Host } from '../../machines/host.ts';
import { keyId, readEntry } from '../../op/index.ts';
import type { ReplicaSource } from '../sync/index.ts';
import type { Writing } from '../writing/context.ts';
import { type InviteRow, inviteKey, packageKey } from './invites.ts';

export interface KeepTicketOptions {
  readonly writing: Writing;
  readonly host: Host | undefined;
  readonly source: Pick<ReplicaSource, 'take' | 'idle'>;
}

/** Whom an invite comes from that is brought by its maker: no session. */
const nobody = 0;

/**
 * Keeps what a ticket stands for that another replica made, and countersigns who joins by it from now on: its invite names
 * the key with which this one listens. Done again it changes nothing, and a use that was counted stays counted. Rejects
 * with `ticket_elsewhere` where another countersigns it, `exists` for another package of that invite or that id, and
 * `busy` while what the invite follows on is not here.
 */
export async function keepTicket(options: KeepTicketOptions, id: string, given: TicketKept): Promise<void> {
  const { writing, host, source } = options;
  const { crypto, membership } = writing.reading;
  writing.allowed();
  const { segment, entry } = given.invite;
  const read = readEntry(crypto, entry);
  if (!read.ok || read.entry.header.type !== 'invite.create')
    throw new CoterieError('invalid', 'invite: this is no invite.create');
  const invite = read.hash;
  if (!membership.state.invites.has(invite)) {
    await source.take(`log/members/${segment}`, [[read.key, JSON.stringify(entry)]], nobody);
    await source.idle();
  }
  const state = membership.state.invites.get(invite);
  if (!state)
    throw new CoterieError('busy', 'The relay does not know yet what this invite follows on.', {
      hint: 'It learns it by the link that is under way: try again in a moment.',
    });
  if (!host || state.countersigner !== keyId(crypto, host.key))
    throw new CoterieError('ticket_elsewhere', 'Another relay countersigns who joins by that ticket.');
  const { sealed } = given;
  const { expires } = state;
  await writing.commits.write(async ({ draft }) => {
    const row = await draft.getConfirmed<InviteRow>(inviteKey(invite));
    const before = await draft.getConfirmed<Package>(packageKey(id));
    if (row?.kept === id && before?.sealed === sealed) return;
    if (row || before)
      throw new CoterieError('exists', 'There is another package of that invite, or that id.');
    draft.put(inviteKey(invite), { addresses: [], machines: {}, kept: id } satisfies InviteRow);
    draft.put(packageKey(id), { sealed, expires } satisfies Package);
  });
}

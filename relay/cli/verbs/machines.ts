import { given } from '../../given.ts';
import { asking, misuse, once, paged, type Verb } from '../call.ts';
import { embeddingsOf } from '../embeddings.ts';
import { progressTo } from '../progress.ts';
import { remember, remembered, speaker } from '../reach/identity.ts';
import { role } from '../role.ts';
import { dataDirectory } from '../settings.ts';
import {
  arbiter,
  invitation,
  invites as invitesText,
  invite as inviteText,
  joined,
  replica,
  replicas as replicasText,
} from '../show/machines.ts';
import { oneLine } from '../show/terminal.ts';
import { untilTime } from '../show/time.ts';

export const invite = asking({
  write: true,
  ask: async (team, call) => {
    const typed = call.text('expires');
    return team.invites.create(
      given({
        role: await role(call.text('role')),
        expires: typed === undefined ? undefined : untilTime(typed, Date.now()),
        uses: call.number('uses'),
        handle: call.text('for'),
        addresses: call.many('address'),
        at: call.text('at'),
      }),
      once(call),
    );
  },
  show: async (answer, view, call) => {
    const columns = call.has('qr') ? Number.POSITIVE_INFINITY : view.width;
    const drawn =
      columns === undefined ? undefined : (await import('../show/qr.ts')).qr(answer.ticket, columns);
    return invitation(answer, drawn, view);
  },
});

export const invites = asking({
  ask: (team, call) => team.invites.list(given(paged(call))),
  show: invitesText,
});

/** The id of an invite, also where its ticket is given. */
async function inviteId(typed: string): Promise<string> {
  if (!/^https?:/i.test(typed)) return typed;
  const [{ askForTicket }, { nodeCrypto }, { fetchTransport }] = await Promise.all([
    import('../../../src/machines/ticket/index.ts'),
    import('../../../src/keys/node.ts'),
    import('../../../src/client/transport.ts'),
  ]);
  return (await askForTicket(typed, { crypto: nodeCrypto, transport: fetchTransport })).invite;
}

export const uninvite = asking({
  write: true,
  ask: async (team, call) => team.invites.revoke(await inviteId((await call.words(0)).trim()), once(call)),
  show: inviteText,
});

export const replicas = asking({
  ask: (team, call) => team.replicas.list(given(paged(call))),
  show: replicasText,
});

export const arbiterShow = asking({ ask: (team) => team.arbiter.get(), show: arbiter });

export const arbiterHandOver = asking({
  write: true,
  ask: (team, call) => team.arbiter.move({ to: call.arg(0) }, once(call)),
  show: arbiter,
});

export const arbiterMove = asking({
  write: true,
  ask: async (team, call) => {
    if (!call.has('force'))
      throw await misuse(
        'move leaves the old arbiter out',
        'Add --force, or use arbiter hand-over where the arbiter runs.',
      );
    return team.arbiter.move({ to: call.arg(0), force: true }, once(call));
  },
  show: arbiter,
});

export const revoke = asking({
  write: true,
  ask: (team, call) => team.replicas.revoke(call.arg(0), given({ reason: call.text('reason') }), once(call)),
  show: replica,
});

/** What `join` says, and prints with `--json`. */
export interface JoinAnswer {
  readonly directory: string;
  readonly workspace: { readonly id: string; readonly name: string };
  readonly replica: string;
  readonly member: string;
  /** Handle of who invited, and what members of who joined may be at most. */
  readonly by: string;
  readonly role: string;
  /** Where the workspace is synced with as soon as something runs on the directory. */
  readonly addresses: readonly string[];
  /** False when the directory was a replica of this workspace already. */
  readonly fresh: boolean;
}

/** Needs a directory that nobody runs on, so it asks no node of its own. */
export const join: Verb = async (call) => {
  const { settings, out } = call;
  if (settings.url !== undefined) throw await misuse('join makes a directory; it takes no --url');
  const embeddings = await embeddingsOf(settings.embeddings);
  const directory = await dataDirectory(settings);
  const { configDirectory, joinByTicket, openReplica } = await import('../../../src/index.ts');
  const made = await joinByTicket({
    directory,
    config: configDirectory(),
    ticket: await call.words(0),
    onTicket: ({ name, by, role }) =>
      out.note(`coterie: joining ${oneLine(name)} as ${role}, invited by @${oneLine(by)}`),
  });
  const kept = remembered(directory);
  const { handle, named } = speaker(settings, kept, process.env);
  const shown = progressTo(out);
  const opened = await openReplica({
    directory,
    as: handle,
    kind: named ? 'agent' : 'human',
    workspace: made.file,
    embeddings,
    progress: shown.progress,
  }).finally(() => shown.end());
  await opened.close();
  if (settings.as !== undefined && kept.member === undefined)
    remember(directory, { ...remembered(directory), member: handle });
  const { workspace, addresses, by, role: most, fresh } = made;
  const answer: JoinAnswer = {
    ...{ directory, workspace, replica: opened.id, member: handle, by, role: most, addresses, fresh },
  };
  if (out.json) out.data(answer);
  else out.print(joined(answer, out.view));
  return undefined;
};

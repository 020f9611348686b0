import { onLists, onWrites, type Row } from '../row.ts';

const machines = () => import('../verbs/machines.ts');

const remotes = () => import('../verbs/remotes.ts');

/** The replicas of the workspace, and how others come in. */
export const machinesRows: readonly Row[] = [
  {
    name: 'invite',
    summary: 'Make a ticket by which another machine joins; it speaks to the node that runs here.',
    flags: [
      ['--role <role>', 'what members of who joins may be at most: reader, member, admin or owner'],
      ['--expires <time>', 'when it ends: 90m, 2h, 3d or 1w from now, or a time (by default 7d)'],
      ['--uses <n>', 'how many machines may join by it (by default 1)', 'number'],
      ['--for <handle>', 'for whom it is: shown to who joins, and in the list of invites'],
      ['--address <url>', 'where the node is reached, in place of where it listens; repeat for more', 'many'],
      [
        '--at <url>',
        'whom who joins asks: a relay that is a remote, or node (by default a relay, if one is linked)',
      ],
      ['--qr', 'draw the ticket as a QR code, also where the output is no terminal'],
      ...onWrites,
    ],
    example: 'coterie invite --role member --expires 2d',
    load: async () => (await machines()).invite,
  },
  {
    name: 'invites',
    summary: 'List the invites of the workspace: how often each was used, when it ends, who revoked it.',
    flags: [...onLists],
    example: 'coterie invites',
    load: async () => (await machines()).invites,
  },
  {
    name: 'uninvite',
    takes: '<invite...>',
    summary: 'Revoke an invite, by its id or its ticket: nobody new comes in by it; who came in stays.',
    flags: [...onWrites],
    example: 'coterie uninvite 3jwq7n2k5c4xkzq6o4u2p5v7ae',
    load: async () => (await machines()).uninvite,
  },
  {
    name: 'join',
    takes: '<ticket...>',
    summary: 'Make the data directory a replica of the workspace of a ticket; its relay must run.',
    example: "coterie join 'http://127.0.0.1:4270/join#0J1R-5XKT-…' --data ./team",
    load: async () => (await machines()).join,
  },
  {
    name: 'replicas',
    summary: 'List the replicas of the workspace, with their links to this one.',
    flags: [...onLists],
    example: 'coterie replicas',
    load: async () => (await machines()).replicas,
  },
  {
    name: 'remote add',
    takes: '<url>',
    summary: 'As an admin: sync with a relay or node always, from now on; its key is kept.',
    example: "coterie remote add 'https://relay.example#CODE'",
    load: async () => (await remotes()).remoteAdd,
  },
  {
    name: 'remote remove',
    takes: '<url>',
    summary: 'As an admin: dial a remote no more; what it holds stays there.',
    example: 'coterie remote remove https://relay.example',
    load: async () => (await remotes()).remoteRemove,
  },
  {
    name: 'remote status',
    summary: 'List the remotes: what each is, how its link stands, what is not stored there yet.',
    example: 'coterie remote status',
    load: async () => (await remotes()).remoteStatus,
  },
  {
    name: 'arbiter show',
    summary: 'Show which replica grants claims, since when, and how much it has given out.',
    example: 'coterie arbiter show',
    load: async () => (await machines()).arbiterShow,
  },
  {
    name: 'arbiter hand-over',
    takes: '<replica>',
    summary: 'As an admin, where the arbiter runs: let another replica grant claims from now on.',
    flags: [...onWrites],
    example: 'coterie arbiter hand-over 3jwq7n2k5c4xkzq6o4u2p5v7ae',
    load: async () => (await machines()).arbiterHandOver,
  },
  {
    name: 'arbiter move',
    takes: '<replica>',
    summary: 'As an admin, where the arbiter is gone: what it granted and is not here counts no more.',
    flags: [['--force', 'needed: the old arbiter is not asked'], ...onWrites],
    example: 'coterie arbiter move 3jwq7n2k5c4xkzq6o4u2p5v7ae --force',
    load: async () => (await machines()).arbiterMove,
  },
  {
    name: 'revoke',
    takes: '<replica>',
    summary: 'Revoke a replica: what it wrote counts as far as it is here now, and nothing after.',
    flags: [['--reason <text>', 'why; kept with the revocation'], ...onWrites],
    example: 'coterie revoke 3jwq7n2k5c4xkzq6o4u2p5v7ae --reason "laptop lost"',
    load: async () => (await machines()).revoke,
  },
];

import { onDoors } from '../doors.ts';
import { onLists, onOpening, onWrites, type Row } from '../row.ts';

const members = () => import('../verbs/members.ts');
const transfer = () => import('../verbs/transfer.ts');
const upkeep = () => import('../verbs/upkeep.ts');

/** The node, its members, and the data directory. */
export const node: readonly Row[] = [
  {
    name: 'up',
    summary: 'Run a node on the data directory, until Ctrl-C; says so when one runs already.',
    flags: [
      ['--port <n>', 'port on 127.0.0.1 (by default 4270)', 'number'],
      ['--workspace <name>', 'workspace of a new data directory'],
      ['--durability <level>', 'sync survives a power cut, os a crash of the process'],
      ['--upstream <url>', 'node to sync with as well; repeat for more', 'many'],
      [
        '--discover',
        'find replicas of the workspace on the local network; sync with them while no relay is reached',
      ],
      ...onDoors,
    ],
    example: 'coterie up --as kai',
    endsItself: true,
    load: async () => (await import('../verbs/up.ts')).up,
  },
  {
    name: 'relay',
    summary:
      'Run a relay, until Ctrl-C: --sealed keeps what it cannot read, --readable is a replica of each workspace; --open is for any Yjs client here.',
    flags: [
      ['--sealed', 'mailboxes of encrypted records; with --open anybody may make one, else with its code'],
      [
        '--readable',
        'a replica of each workspace, with all its doors; with --open anybody may bring one, else with its code',
      ],
      ['--open', 'alone: any room for any Yjs client, nobody is asked who they are, on 127.0.0.1 only'],
      ['--port <n>', 'port (by default 4280 readable, 4281 sealed, 1234 open)', 'number'],
      ...onDoors,
      ['--quota <size>', 'of each mailbox or workspace, for example 500M (by default 1G, readable 4G)'],
    ],
    ignores: ['--as', '--url', ...onOpening],
    instead: [['--data <dir>', 'directory of the relay (COTERIE_DATA; by default one beside your user’s)']],
    example: 'coterie relay --sealed --data ./relay',
    endsItself: true,
    load: async () => (await import('../verbs/relay.ts')).relay,
  },
  {
    name: 'mcp',
    summary:
      'Serve the Model Context Protocol on stdin and stdout, through the node that runs or as one itself, until the client ends it.',
    example: 'coterie mcp --as kai',
    endsItself: true,
    load: async () => (await import('../verbs/mcp.ts')).mcp,
  },
  {
    name: 'status',
    summary: 'Workspace, counts, disk and search of the replica, and its links with others.',
    example: 'coterie status',
    load: async () => (await upkeep()).status,
  },
  {
    name: 'token',
    takes: '<handle>',
    summary: 'Print the token of a member for the HTTP interface; made when there is none.',
    example: 'coterie token kai',
    load: async () => (await upkeep()).token,
  },
  {
    name: 'open',
    summary: 'Print a URL of the node’s page that lets a browser in as you: once, within five minutes.',
    flags: [['--browser', 'open it in the browser of this machine too']],
    example: 'coterie open --as kai',
    load: async () => (await import('../verbs/open.ts')).open,
  },
  {
    name: 'members',
    summary: 'List the members; with --name or --handle, change yourself.',
    flags: [
      ['--imported', 'only authors of imported history'],
      ['--name <text>', 'change your display name'],
      ['--handle <handle>', 'change your handle'],
      ...onLists,
      ...onWrites,
    ],
    example: 'coterie members',
    load: async () => (await members()).members,
  },
  {
    name: 'grant',
    takes: '<member> <role>',
    summary: 'Give a member a role, as an admin; owner, and to an owner, as an owner.',
    flags: [...onWrites],
    example: 'coterie grant kai admin',
    load: async () => (await members()).grant,
  },
  {
    name: 'import',
    takes: '<format> <path>',
    summary: 'Import history: slack ZIP|DIR, beads FILE, reflectt DIR, or coterie DIR (an export).',
    flags: [['--verbose', 'list everything that was set aside, not only counts']],
    example: 'coterie import slack export.zip',
    load: async () => (await transfer()).importVerb,
  },
  {
    name: 'export',
    takes: '<dir>',
    summary: 'Write everything as JSON lines and Markdown into an empty directory.',
    example: 'coterie export ./out',
    load: async () => (await transfer()).exportVerb,
  },
  {
    name: 'backup',
    takes: '<dir>',
    summary: 'Copy the data directory consistently, also while a node runs.',
    example: 'coterie backup ./backup-monday',
    load: async () => (await transfer()).backup,
  },
  {
    name: 'restore',
    takes: '<backup>',
    summary: 'Make a data directory from a backup.',
    flags: [['--alone', 'take a new key, for when no peer is left']],
    example: 'coterie restore ./backup-monday --data ./restored',
    load: async () => (await transfer()).restore,
  },
  {
    name: 'compact',
    summary: 'Checkpoint everything, trim the journal, remove purged text from disk.',
    flags: [['--keep <n>', 'also trim the feed to this many events', 'number']],
    example: 'coterie compact',
    load: async () => (await upkeep()).compact,
  },
  {
    name: 'doctor',
    summary: 'Check every file and every operation; exit code 1 when something is damaged.',
    flags: [
      [
        '--quarantine',
        'set a damaged directory aside, whole, and put a fresh one in its place that fills from peers',
      ],
      ['--workspace <name>', 'with --quarantine: whose it is, where its journal does not tell'],
    ],
    example: 'coterie doctor',
    load: async () => (await upkeep()).doctor,
  },
  {
    name: 'completion',
    takes: '<shell>',
    summary: 'Print the completion for bash, zsh or fish.',
    example: 'coterie completion bash',
    load: async () => (await import('../completion/completion.ts')).completion,
  },
];

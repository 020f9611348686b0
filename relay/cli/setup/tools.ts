import { homedir } from 'node:os';
import { join } from 'node:path';
import { quoted } from '../agents/program.ts';
import { at } from './json.ts';
import { block, jsonEntry, jsonHooks, type Part, tomlTable } from './parts.ts';

/** The programs that `coterie setup` knows. */
export const toolNames = ['claude', 'codex', 'gemini', 'opencode'] as const;
export type ToolName = (typeof toolNames)[number];

/** What a set-up is made from. */
export interface Place {
  /** The root of the project; undefined for all projects of the user. */
  readonly project: string | undefined;
  /** The words that start this program, with the flags that tell it where the data are. */
  readonly words: readonly string[];
  /** Handle of the member that speaks through the tool. */
  readonly member: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A file of the program, and our part of it. */
export interface Planned {
  readonly path: string;
  readonly part: Part;
}

export interface Tool {
  readonly title: string;
  readonly files: (place: Place) => Planned[];
  /** What the person still has to do there, or should know. */
  readonly notes: (place: Place) => string[];
}

const home = (env: Place['env']): string => env['HOME'] || homedir();
const typed = (words: readonly string[]): string => words.map(quoted).join(' ');
/** This program, speaking as the member. */
const speaking = ({ words, member }: Place, ...more: string[]): string[] => [
  ...words,
  '--as',
  member,
  ...more,
];

/**
 * What an agent reads in the page for agents: short, for it is read each time. A page that several programs read names
 * none of their members.
 */
const page = (place: Place, shared = false): Part =>
  block('<!-- coterie: begin (coterie setup) -->', '<!-- coterie: end -->', [
    '## Coterie',
    '',
    'Work is shared with other agents and people through Coterie: channels, tasks, memory, reserved paths.',
    `Begin with the tools of the MCP server \`coterie\`, or in a shell with this${shared ? '; NAME is the program that you run in:' : ':'}`,
    ...(shared ? ['codex, opencode, …'] : []),
    '',
    `    ${typed(speaking(shared ? { ...place, member: 'NAME' } : place, 'prime'))}`,
    '',
    'Claim a task before you work on it, reserve paths before you change them, post what others need to know,',
    'remember what will be needed again.',
  ]);

const stdio = (place: Place) => {
  const [node = '', ...args] = speaking(place, 'mcp');
  return { command: node, args };
};

/** Hooks by the tool's names of our events. `seconds` or milliseconds, as the tool counts. */
const hooks = (place: Place, events: Readonly<Record<string, string>>, timeout: number, more: object = {}) =>
  jsonHooks(
    Object.fromEntries(
      Object.entries(events).map(([theirs, event]) => [
        theirs,
        { ...more, hooks: [{ type: 'command', command: typed(speaking(place, 'hook', event)), timeout }] },
      ]),
    ),
  );

const same = {
  SessionStart: 'SessionStart',
  UserPromptSubmit: 'UserPromptSubmit',
  PostToolUse: 'PostToolUse',
  Stop: 'Stop',
};

const claude: Tool = {
  title: 'Claude Code',
  files(place) {
    const { project, env } = place;
    const own = env['CLAUDE_CONFIG_DIR'];
    const user = own || join(home(env), '.claude');
    const server = jsonEntry(() => ['mcpServers', 'coterie'], { type: 'stdio', ...stdio(place) });
    const all = hooks(place, same, 10);
    if (project === undefined)
      return [
        { path: own ? join(own, '.claude.json') : join(home(env), '.claude.json'), part: server },
        { path: join(user, 'settings.json'), part: all },
        { path: join(user, 'CLAUDE.md'), part: page(place) },
      ];
    return [
      { path: join(project, '.mcp.json'), part: server },
      // The local settings: they are not shared, and the paths are those of this machine.
      { path: join(project, '.claude', 'settings.local.json'), part: all },
      { path: join(project, 'CLAUDE.md'), part: page(place) },
    ];
  },
  notes: ({ project }) =>
    project === undefined
      ? []
      : [
          '.mcp.json has paths of this machine: share it with care. Claude Code asks once whether to trust it.',
        ],
};

const codex: Tool = {
  title: 'Codex',
  files(place) {
    const { project, env } = place;
    const own = env['CODEX_HOME'] || join(home(env), '.codex');
    const folder = project === undefined ? own : join(project, '.codex');
    const { command: node, args } = stdio(place);
    const lines = [`command = ${JSON.stringify(node)}`, `args = ${JSON.stringify(args)}`];
    return [
      { path: join(folder, 'config.toml'), part: tomlTable('mcp_servers', 'coterie', lines) },
      { path: join(folder, 'hooks.json'), part: hooks(place, same, 10) },
      { path: join(project ?? own, 'AGENTS.md'), part: page(place, true) },
    ];
  },
  notes: ({ project }) => [
    'Codex runs new hooks once you have looked at them: /hooks in Codex.',
    ...(project === undefined ? [] : ['It reads .codex of a project that it trusts alone.']),
  ],
};

const gemini: Tool = {
  title: 'Gemini CLI',
  files(place) {
    const { project, env } = place;
    const own = join(home(env), '.gemini');
    const server = jsonEntry(() => ['mcpServers', 'coterie'], stdio(place));
    const events = {
      SessionStart: 'SessionStart',
      BeforeAgent: 'UserPromptSubmit',
      AfterTool: 'PostToolUse',
      AfterAgent: 'Stop',
    };
    const all = hooks(place, events, 10_000);
    const settings: Part = {
      put: (text) => all.put(server.put(text)),
      take: (text) => all.take(server.take(text)),
    };
    return [
      { path: join(project === undefined ? own : join(project, '.gemini'), 'settings.json'), part: settings },
      { path: join(project ?? own, 'GEMINI.md'), part: page(place) },
    ];
  },
  notes: () => [],
};

const opencode: Tool = {
  title: 'opencode',
  files(place) {
    const { project, env } = place;
    const own = join(env['XDG_CONFIG_HOME'] || join(home(env), '.config'), 'opencode');
    const value = { type: 'local', command: speaking(place, 'mcp'), enabled: true };
    // Newer files name their servers one level deeper; an entry of the older form is read as well.
    const where = (text: string) => {
      const servers = at(text, ['mcp', 'servers']);
      const nested = typeof servers === 'object' && servers !== null && !('type' in servers);
      return nested ? ['mcp', 'servers', 'coterie'] : ['mcp', 'coterie'];
    };
    return [
      { path: join(project ?? own, 'opencode.json'), part: jsonEntry(where, value) },
      { path: join(project ?? own, 'AGENTS.md'), part: page(place, true) },
    ];
  },
  notes: () => ['opencode has no hooks in its settings: its agent looks by itself, as AGENTS.md says.'],
};

export const tools: Readonly<Record<ToolName, Tool>> = { claude, codex, gemini, opencode };

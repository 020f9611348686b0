import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { toolNames } from '../../../relay/cli/setup/tools.ts';
import { scratch } from '../../support/scratch.ts';
import { ended, entry, type Home, home, printed } from './support.ts';

/** What a program for agents may have in its settings, with all that is easily lost: comments, tabs, no last line end. */
const before: Readonly<Record<string, string>> = {
  '.mcp.json': '{\n\t"mcpServers": { "other": { "command": "x" } },\n\t"keep":   [1,2]\n}',
  '.claude/settings.local.json': JSON.stringify(
    { hooks: { Stop: [{ hooks: [{ type: 'command', command: 'say done' }] }], Custom: [] }, a: 1 },
    null,
    4,
  ),
  'CLAUDE.md': '# Mine\r\n\r\nBe kind.\r\n',
  '.codex/config.toml': 'model = "x"\n\n[mcp_servers.other]\ncommand = "y"',
  'AGENTS.md': 'No line end',
  '.gemini/settings.json': '// mine\n{\n  "theme": "dark", // why not\n  "mcpServers": {},\n}\n',
  'opencode.json':
    '{ "$schema": "https://opencode.ai/config.json", "mcp": { "servers": { "other": {} } } }\n',
};

function filled(path: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
}

/** Every file below a directory, with its bytes; folders by their name alone. */
function all(path: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort())
    found[name] = lstatSync(join(path, name)).isFile() ? readFileSync(join(path, name), 'latin1') : '';
  return found;
}

const setup = (here: Home, cwd: string, ...args: readonly string[]) => here.run(['setup', ...args], { cwd });
const project = (): string => {
  const path = scratch();
  execFileSync('git', ['init', '-q'], { cwd: path });
  return path;
};

describe.each(toolNames)('coterie setup %s', (tool) => {
  it.each([
    ['where nothing is', {}],
    ['beside what is there', before],
  ])('%s: shows, writes once, and undoes it to the byte', async (_, files) => {
    const here = home();
    const path = project();
    filled(path, files);
    const was = all(path);
    const shown = await setup(here, path, tool);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/^\+.*coterie\.cjs/m);
    expect(shown.stdout).toContain('nothing was written');
    expect(all(path)).toEqual(was);

    const written = await setup(here, path, tool, '--write');
    expect([written.code, written.stdout]).toEqual([0, expect.stringContaining(`speaks as ${tool}`)]);
    const is = all(path);
    expect(is).not.toEqual(was);
    for (const [name, text] of Object.entries(was)) {
      // What was there is there still, line by line.
      const lines = text
        .split(/\r?\n/)
        .filter((line) => !line.includes('"mcpServers"') && !line.includes('"mcp"'));
      for (const line of lines) expect(is[name]).toContain(line.replace(/,?$/, ''));
    }
    const again = await setup(here, path, tool, '--write');
    expect(again.stdout).toContain('nothing to change');
    expect(all(path)).toEqual(is);

    expect((await setup(here, path, tool, '--undo', '--dry-run')).stdout).toMatch(/^-.*coterie\.cjs/m);
    expect(all(path)).toEqual(is);
    const undone = await setup(here, path, tool, '--undo');
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining('is as it was before')]);
    expect(all(path)).toEqual(was);
    expect((await setup(here, path, tool, '--undo')).code).toBe(3);
  });

  it('for the user: below the home directory, and undone to nothing', async () => {
    const here = home();
    const path = project();
    const was = all(here.path);
    expect((await setup(here, path, tool, '--user', '--write')).code).toBe(0);
    const made = Object.keys(all(here.path)).filter((name) => !name.startsWith('config/coterie'));
    expect(made).not.toEqual(Object.keys(was));
    for (const name of made)
      if (lstatSync(join(here.path, name)).isFile())
        expect(statSync(join(here.path, name)).mode & 0o077).toBe(0);
    expect(Object.keys(all(path)).filter((name) => !name.startsWith('.git'))).toEqual([]);
    expect((await setup(here, path, tool, '--user', '--undo')).code).toBe(0);
    for (const name of made)
      if (!(name in was) && name !== 'config') expect(existsSync(join(here.path, name))).toBe(false);
  });
});

describe('coterie setup', () => {
  it('writes what each program reads', async () => {
    const here = home();
    const path = project();
    for (const tool of toolNames)
      expect(
        (await setup(here, path, tool, '--write', '--as', `${tool}-2`, '--data', '/some where')).code,
      ).toBe(0);
    const json = (name: string) => parse(readFileSync(join(path, name), 'utf8'));
    const args = (tool: string, verb: readonly string[]) => [
      entry,
      '--data',
      '/some where',
      '--as',
      `${tool}-2`,
      ...verb,
    ];
    expect(json('.mcp.json')).toEqual({
      mcpServers: { coterie: { type: 'stdio', command: process.execPath, args: args('claude', ['mcp']) } },
    });
    const command = (tool: string, event: string) =>
      `${process.execPath} ${entry} --data '/some where' --as ${tool}-2 hook ${event}`;
    const group = (tool: string, event: string, timeout: number) => [
      { hooks: [{ type: 'command', command: command(tool, event), timeout }] },
    ];
    for (const [tool, file] of [
      ['claude', '.claude/settings.local.json'],
      ['codex', '.codex/hooks.json'],
    ] as const)
      expect(json(file)).toEqual({
        hooks: Object.fromEntries(
          ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop'].map((event) => [
            event,
            group(tool, event, 10),
          ]),
        ),
      });
    expect(json('.gemini/settings.json')).toEqual({
      mcpServers: { coterie: { command: process.execPath, args: args('gemini', ['mcp']) } },
      hooks: {
        SessionStart: group('gemini', 'SessionStart', 10_000),
        BeforeAgent: group('gemini', 'UserPromptSubmit', 10_000),
        AfterTool: group('gemini', 'PostToolUse', 10_000),
        AfterAgent: group('gemini', 'Stop', 10_000),
      },
    });
    expect(json('opencode.json')).toEqual({
      mcp: {
        coterie: { type: 'local', command: [process.execPath, ...args('opencode', ['mcp'])], enabled: true },
      },
    });
    const toml = readFileSync(join(path, '.codex/config.toml'), 'utf8');
    expect(toml).toContain(
      `[mcp_servers.coterie]\ncommand = ${JSON.stringify(process.execPath)}\nargs = [${JSON.stringify(entry)},`,
    );
    for (const page of ['CLAUDE.md', 'AGENTS.md', 'GEMINI.md']) {
      const text = readFileSync(join(path, page), 'utf8');
      expect(text.match(/coterie: begin/g)).toHaveLength(1);
      expect(Buffer.byteLength(text)).toBeLessThan(900);
    }
  });

  it('has an MCP entry that answers as it stands', async () => {
    const here = home();
    const path = project();
    await setup(here, path, 'claude', '--write');
    const { command, args } = parse(readFileSync(join(path, '.mcp.json'), 'utf8')).mcpServers.coterie;
    const [main, ...rest] = args as string[];
    expect([command, main]).toEqual([process.execPath, entry]);
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    };
    const child = here.open(rest);
    const end = ended(child);
    const answer = printed(child, /^(\{.*\})\n/m);
    child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    expect(JSON.parse((await answer)[1] ?? '')).toMatchObject({
      id: 1,
      result: { serverInfo: { name: 'coterie' } },
    });
    child.kill('SIGTERM');
    await end;
  });

  it('has hooks that a shell can run', async () => {
    const here = home();
    const path = project();
    await setup(here, path, 'claude', '--write');
    const { hooks } = parse(readFileSync(join(path, '.claude/settings.local.json'), 'utf8'));
    const ran = execFileSync('/bin/sh', ['-c', hooks.Stop[0].hooks[0].command], {
      env: { PATH: '', HOME: here.path, XDG_DATA_HOME: join(here.path, 'share') },
      input: '{}',
    });
    expect(String(ran)).toBe('');
  });

  it('changes its own part alone in a file that others changed since, and says so', async () => {
    const here = home();
    const path = project();
    filled(path, before);
    await setup(here, path, 'claude', '--write');
    const file = join(path, 'CLAUDE.md');
    writeFileSync(file, `${readFileSync(file, 'utf8')}Written later.\r\n`);
    // Set up anew under another name in between: the hand-made line is not lost by that either.
    await setup(here, path, 'claude', '--write', '--as', 'other');
    expect(readFileSync(file, 'utf8')).toContain('--as other prime');
    writeFileSync(file, `${readFileSync(file, 'utf8')}And later.\r\n`);
    const { stdout } = await setup(here, path, 'claude', '--undo');
    expect(stdout).toContain('CLAUDE.md was changed since');
    expect(readFileSync(file, 'utf8')).toBe('# Mine\r\n\r\nBe kind.\r\nWritten later.\r\nAnd later.\r\n');
    expect(readFileSync(join(path, '.mcp.json'), 'utf8')).toBe(before['.mcp.json']);
  });

  it.each([
    ['codex', 'opencode', 'codex'],
    ['codex', 'opencode', 'opencode'],
    ['opencode', 'codex', 'codex'],
    ['opencode', 'codex', 'opencode'],
  ])('keeps the page of %s and %s until the last is undone, %s first', async (one, two, undone) => {
    for (const was of [{}, { 'AGENTS.md': 'Ours, and no line end' }]) {
      const here = home();
      const path = project();
      filled(path, was);
      const untouched = all(path);
      const page = () => readFileSync(join(path, 'AGENTS.md'), 'utf8');
      for (const tool of [one, two]) expect((await setup(here, path, tool, '--write')).code).toBe(0);
      const written = page();
      const { stdout, code } = await setup(here, path, undone, '--undo');
      expect([code, page()]).toEqual([0, written]);
      // The first one wrote it; the second found it there.
      expect(stdout.includes('AGENTS.md stays')).toBe(undone === one);
      expect((await setup(here, path, undone === one ? two : one, '--undo')).code).toBe(0);
      expect(all(path)).toEqual(untouched);
    }
  });

  it.each([
    ['codex', 'opencode'],
    ['opencode', 'codex'],
  ])(
    'keeps the page that was changed between, and by another set-up, with %s undone first',
    async (first, last) => {
      const here = home();
      const path = project();
      const file = join(path, 'AGENTS.md');
      writeFileSync(file, 'Ours.\n');
      await setup(here, path, 'codex', '--write');
      writeFileSync(file, `${readFileSync(file, 'utf8')}Between.\n`);
      const elsewhere = ['--data', join(path, 'elsewhere')];
      await setup(here, path, 'opencode', '--write', ...elsewhere);
      await setup(here, path, first, '--undo');
      expect(readFileSync(file, 'utf8')).toContain('coterie: begin');
      await setup(here, path, last, '--undo');
      expect(readFileSync(file, 'utf8')).toBe('Ours.\nBetween.\n');
    },
  );

  it('writes what a link leads to, and leaves the link', async () => {
    const here = home();
    const path = project();
    writeFileSync(join(path, 'AGENTS.md'), 'Ours.\n');
    symlinkSync('AGENTS.md', join(path, 'CLAUDE.md'));
    await setup(here, path, 'claude', '--write');
    expect(lstatSync(join(path, 'CLAUDE.md')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(path, 'AGENTS.md'), 'utf8')).toMatch(/^Ours\.\n\n<!-- coterie: begin/);
    await setup(here, path, 'claude', '--undo');
    expect(readFileSync(join(path, 'AGENTS.md'), 'utf8')).toBe('Ours.\n');
  });

  it.each([
    ['claude', '.mcp.json', '{ "mcpServers": '],
    ['claude', '.mcp.json', '[]'],
    ['codex', '.codex/config.toml', '[mcp_servers.coterie]\ncommand = "mine"\n'],
    ['codex', '.codex/config.toml', 'mcp_servers = { }\n'],
    ['gemini', '.gemini/settings.json', '{ "hooks": { "AfterTool": 1 } }'],
  ])('writes nothing of %s where %s holds %s', async (tool, name, text) => {
    const here = home();
    const path = project();
    filled(path, { [name]: text });
    const was = all(path);
    const { code, stderr } = await setup(here, path, tool, '--write');
    expect([code, stderr]).toEqual([4, expect.stringContaining(name)]);
    expect(all(path)).toEqual(was);
  });

  it('knows no other program', async () => {
    const { code, stderr } = await setup(home(), project(), 'emacs');
    expect([code, stderr]).toEqual([2, expect.stringContaining('claude, codex, gemini, opencode')]);
  });
});

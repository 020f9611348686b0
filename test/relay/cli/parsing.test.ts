import { describe, expect, it } from 'vitest';
import { type Parsed, parse, withVerb } from '../../../relay/cli/program.ts';
import { rows } from '../../../relay/cli/rows/index.ts';
import { CoterieError } from '../../../schemas/index.ts';

const understood = async (...argv: string[]): Promise<Exclude<Parsed, { print: string }>> => {
  const parsed = await parse(argv, () => '1.2.3');
  if ('print' in parsed) throw new Error(`printed ${parsed.print}`);
  return parsed;
};

const refused = async (...argv: string[]): Promise<CoterieError> => {
  const error: unknown = await parse(argv, () => '1.2.3').then(
    () => undefined,
    (raised: unknown) => raised,
  );
  if (error instanceof CoterieError) return error;
  throw new Error(`not refused: ${argv.join(' ')}`);
};

describe('what is typed', () => {
  it.each([
    [[], 'up', {}],
    [['--data', 'd'], 'up', { data: 'd' }],
    [['--port', '4000'], 'up', { port: 4000 }],
    [['--data=d', '--json', 'status'], 'status', { data: 'd', json: true }],
    [['status', '--data', 'd', '--json'], 'status', { data: 'd', json: true }],
    [['--no-color', 'task', 'list', '--status', 'doing'], 'task list', { color: false, status: 'doing' }],
    [['task', 'create', 'T', '--label', 'a', '--label', 'b'], 'task create', { label: ['a', 'b'] }],
    [['post', 'dev', 'hi', '--key', 'k', '--as', 'kai'], 'post', { key: 'k', as: 'kai' }],
    [['read', 'dev', '--limit', '7'], 'read', { limit: 7 }],
  ])('%j is %s', async (argv, name, flags) => {
    const parsed = await understood(...argv);
    expect(parsed.row.name).toBe(name);
    expect(parsed.flags).toMatchObject(flags);
  });

  it('keeps the words of a text, and what follows -- as it stands', async () => {
    expect((await understood('post', 'dev', 'two', 'words')).args).toEqual(['dev', ['two', 'words']]);
    expect((await understood('post', 'dev', '--', '--json')).args).toEqual(['dev', ['--json']]);
    expect((await understood('post', 'dev', '-')).args).toEqual(['dev', ['-']]);
  });

  it.each([
    [['tsk'], "unknown command 'tsk'", ['task']],
    [['pots', 'x'], "unknown command 'pots'", ['post']],
    [['task', 'crate', 'x'], "unknown command 'crate'", ['create']],
    [['claim', 'kai-1'], "unknown command 'claim'", ['task claim']],
    [['list'], "unknown command 'list'", ['group list', 'channel list', 'task list', 'memory list']],
    [['reply', 'x'], "unknown command 'reply'", ['post']],
    [['post', 'dev', 'x', '--thred', 'y'], "unknown option '--thred'", ['--thread']],
    [['post', 'dev', 'x', '--jsn'], "unknown option '--jsn'", ['--json']],
    [['task'], 'task needs a verb', undefined],
    [['post', 'dev'], "missing required argument 'text'", undefined],
    [['status', 'extra'], "too many arguments for 'status'", undefined],
    [['read', 'dev', '--limit', 'many'], 'whole number', undefined],
    [['read', 'dev', '--limit'], 'argument missing', undefined],
    [['up', '--bogus'], "unknown option '--bogus'", undefined],
    [['zzzzzzzz'], "unknown command 'zzzzzzzz'", undefined],
  ])('%j is refused', async (argv, message, legal) => {
    const error = await refused(...argv);
    expect(error.code).toBe('usage');
    expect(error.exit).toBe(2);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
    expect(error.hint).not.toBe('');
    if (legal) expect(error.legal).toEqual(legal);
  });

  it('what is suggested exists', async () => {
    for (const word of [
      'send',
      'say',
      'reply',
      'start',
      'serve',
      'delete',
      'remove',
      'unread',
      'notifications',
      'log',
      'whoami',
      'done',
    ]) {
      const { legal = [], hint } = await refused(word);
      expect(legal.length, word).toBeGreaterThan(0);
      expect(hint).toContain('Did you mean');
      for (const name of legal) expect(rows.map((row) => row.name)).toContain(name);
    }
  });

  it('a bare command line means up, a verb stands for itself', () => {
    expect(withVerb(['--as', 'post']).words).toEqual(['--as', 'post', 'up']);
    expect(withVerb(['--as', 'kai', 'post'])).toEqual({ words: ['--as', 'kai', 'post'], at: 2 });
    expect(withVerb(['--help']).words).toEqual(['--help']);
  });

  it.each([[['--version']], [['-V']], [['--json', '--version']], [['post', 'dev', 'x', '-V']]])(
    '%j prints the version and does nothing',
    async (argv) => {
      expect(await parse(argv, () => '1.2.3')).toEqual({ print: '1.2.3' });
    },
  );

  it.each(rows.map((row) => [row.name]))('%s has help with an example', async (name) => {
    const parsed = await parse([...name.split(' '), '--help'], () => '');
    const row = rows.find((one) => one.name === name);
    if (!('print' in parsed) || !row) throw new Error('no help');
    expect(parsed.print).toContain(row.example);
    expect(parsed.print).toContain('--json');
    expect(row.example.startsWith(`coterie ${name}`)).toBe(true);
    expect(row.summary).toMatch(/\.$/);
  });

  it('every verb loads', async () => {
    for (const row of rows) expect(await row.load(), row.name).toBeTypeOf('function');
  });
});

it('the help of relay tells its own directory, and no flags that mean nothing to it', async () => {
  const helpFor = async (verb: string): Promise<string> => {
    const parsed = await parse([verb, '--help'], () => '1.2.3');
    return 'print' in parsed ? parsed.print : '';
  };
  const relay = await helpFor('relay');
  expect(relay).not.toMatch(/--as|--url/);
  expect(relay).toMatch(/--data <dir> +directory of the relay/);
  expect(relay).toContain('--json');
  const status = await helpFor('status');
  for (const flag of ['--data', '--as', '--url']) expect(status).toContain(flag);
});

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ErrorAnswer, errorCodes, errorKinds, list as listOf, Message } from '../../../schemas/index.ts';
import { entry, home, member, message, stub, wrong } from './support.ts';

/** How the command line speaks to a node, against a stand-in that answers as it is told. */
describe('the command line and a node', () => {
  /** One error for each exit code: a child process each is dear. */
  const oneEach = errorCodes.filter(
    (code, index) =>
      errorCodes.findIndex((other) => errorKinds[other].exit === errorKinds[code].exit) === index,
  );

  it.each(oneEach)('%s ends with its exit code', async (code) => {
    const here = home();
    const node = await stub(() => ({
      status: errorKinds[code].status,
      body: wrong(code, 'it failed', ['x', 'y']),
    }));
    node.runsOn(here.data, 'zoe-q');
    const { code: exit, stdout, stderr } = await here.run(['status', '--json']);
    expect(exit).toBe(errorKinds[code].exit);
    expect(ErrorAnswer.parse(JSON.parse(stdout))).toEqual(wrong(code, 'it failed', ['x', 'y']));
    expect(stderr).toBe('');
  });

  it('an error is told to people on stderr, with what would be accepted', async () => {
    const here = home();
    const node = await stub(() => ({
      status: 409,
      body: wrong('illegal_move', 'todo does not move there', ['doing']),
    }));
    node.runsOn(here.data, 'zoe-q');
    const { code, stdout, stderr } = await here.run(['task', 'move', 'kai-1', 'review']);
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain('error: todo does not move there');
    expect(stderr).toContain('legal: doing');
    expect(stderr).toContain('hint: a hint');
  });

  it('a code that this version does not know is still an error', async () => {
    const here = home();
    const node = await stub(() => ({ status: 418, body: wrong('teapot', 'short and stout') }));
    node.runsOn(here.data, 'zoe-q');
    const { code, stderr } = await here.run(['status']);
    expect(code).toBe(1);
    expect(stderr).toContain('short and stout');
  });

  it('posts with token and idempotency key, and prints the id alone', async () => {
    const here = home();
    const node = await stub((asked) =>
      asked.method === 'POST' ? { status: 201, body: message('hi there') } : { body: member('zoe-q') },
    );
    node.runsOn(here.data, 'zoe-q');
    const { code, stdout, stderr } = await here.run(['post', 'general', 'hi', 'there', '--key', 'schlüssel']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${'a'.repeat(26)}\n`, stderr: '' });
    const posted = node.asked.find((asked) => asked.method === 'POST');
    expect(posted?.path).toBe('/v1/channels/general/messages');
    expect(posted?.body).toEqual({ text: 'hi there' });
    expect(posted?.headers.authorization).toBe(`Bearer ${'t'.repeat(43)}`);
    expect(Buffer.from(String(posted?.headers['idempotency-key']), 'latin1').toString('utf8')).toBe(
      'schlüssel',
    );
  });

  it('reads a text from stdin, without its last line end', async () => {
    const here = home();
    const node = await stub((asked) =>
      asked.method === 'POST' ? { status: 201, body: message('') } : { body: member('zoe-q') },
    );
    node.runsOn(here.data, 'zoe-q');
    await here.run(['post', 'general', '-', '--json'], { stdin: 'one\ntwo\n' });
    expect(node.asked.at(-1)?.body).toEqual({ text: 'one\ntwo' });
  });

  it('says once that a write makes a new member', async () => {
    const here = home();
    const known = new Set<string>();
    const node = await stub((asked) => {
      if (asked.method === 'GET') return known.has('zoe-q') ? { body: member('zoe-q') } : undefined;
      known.add('zoe-q');
      return { status: 201, body: message('hi') };
    });
    node.runsOn(here.data, 'zoe-q');
    expect((await here.run(['post', 'general', 'hi'])).stderr).toContain('this made the member zoe-q');
    expect((await here.run(['post', 'general', 'hi'])).stderr).toBe('');
    const asked = node.asked.length;
    expect((await here.run(['post', 'general', 'hi'])).stderr).toBe('');
    // What is known is not asked again: a post is one request.
    expect(node.asked.length).toBe(asked + 1);
  });

  it('says nothing of a member that a refused write did not make', async () => {
    const here = home();
    const node = await stub(() => undefined);
    node.runsOn(here.data, 'zoe-q');
    const { code, stderr } = await here.run(['post', 'nowhere', 'hi']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^error:/);
    expect(stderr).not.toContain('new here');
  });

  it('prints no colour to a pipe, and none of the escapes of others', async () => {
    const here = home();
    const node = await stub(() => ({ body: { items: [message('\u001b[31mred\u001b]0;title\u0007')] } }));
    node.runsOn(here.data, 'zoe-q');
    const { stdout } = await here.run(['read', 'general']);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('zoe-q');
    const json = await here.run(['read', 'general', '--json']);
    expect(listOf(Message).parse(JSON.parse(json.stdout)).items).toHaveLength(1);
  });

  it('ends quietly when nobody reads its output', async () => {
    const here = home();
    const many = Array.from({ length: 1000 }, () => message('x'.repeat(500)));
    const node = await stub(() => ({ body: { items: many } }));
    node.runsOn(here.data, 'zoe-q');
    const child = here.start(['read', 'general']);
    child.stdout?.destroy();
    let stderr = '';
    child.stderr?.on('data', (part) => {
      stderr += String(part);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('sends no token to a program that is not the node of the run file', async () => {
    const here = home();
    const node = await stub(() => ({ body: {} }));
    node.runsOn(here.data, 'zoe-q');
    const run = {
      url: node.url,
      pid: process.pid,
      started: new Date().toISOString(),
      directory: here.data,
      node: 'another',
    };
    writeFileSync(join(here.data, 'node.json'), JSON.stringify(run), { mode: 0o600 });
    await here.run(['--url', node.url, 'status']);
    expect(node.asked).toEqual([]);
  });

  it.each([
    ['without a token', {}, 5, 'unauthorized'],
    ['without a node', { COTERIE_TOKEN: 'x' }, 6, 'unreachable'],
  ])('with --url %s', async (_, env, exit, code) => {
    const { code: ended, stdout } = await home().run(['status', '--json', '--url', 'http://127.0.0.1:1'], {
      env,
    });
    expect(ended).toBe(exit);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
  });

  it('an answer that was cut is not certain', async () => {
    const here = home();
    const node = await stub(() => ({ body: 'half' }));
    node.runsOn(here.data, 'zoe-q');
    mkdirSync(join(here.data, 'x'), { recursive: true });
    const { code } = await here.run(['import', 'slack', 'x.zip']);
    expect(code).toBe(6);
  });

  it('gives the node absolute paths', async () => {
    const here = home();
    const node = await stub((asked) =>
      asked.method === 'GET'
        ? { body: member('zoe-q') }
        : { body: { result: { directory: '/somewhere', files: { messages: 2 } } } },
    );
    node.runsOn(here.data, 'zoe-q');
    const { code } = await here.run(['export', 'out/there'], { cwd: here.path });
    expect(code).toBe(0);
    expect(node.asked.at(-1)?.body).toEqual({ directory: join(here.path, 'out', 'there') });
  });

  it.each([
    [['tsk'], ['task']],
    [['post', 'dev', 'x', '--jsno'], ['--json']],
  ])('%j is a usage error in the one shape', async (argv, legal) => {
    const plain = await home().run(argv);
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toContain('Did you mean');
    const { code, stdout } = await home().run([...argv, '--json']);
    expect(code).toBe(2);
    expect(ErrorAnswer.parse(JSON.parse(stdout)).error).toMatchObject({ code: 'usage', legal });
  });

  it('Ctrl-C ends a verb with 130', async () => {
    const here = home();
    const node = await stub(() => ({ body: {} }));
    node.runsOn(here.data, 'zoe-q');
    // It waits for a text that never comes.
    const child = spawn(process.execPath, [entry, 'post', 'general', '-'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: here.path,
        XDG_DATA_HOME: join(here.path, 'share'),
        USER: 'zoe-q',
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(node.asked.filter((asked) => asked.method === 'POST')).toEqual([]);
  });
});

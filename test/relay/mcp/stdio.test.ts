import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Home as CliHome, entry, home } from '../cli/support.ts';
import { eras, onStdio } from './support.ts';
import { workThrough } from './work.ts';

/** The only node of a home, as another command sees it. */
async function post(at: CliHome, text: string): Promise<void> {
  const { code, stderr } = await at.run(['post', 'general', text, '--as', 'ben']);
  expect(code, stderr).toBe(0);
}

describe('MCP on stdin and stdout', () => {
  it.each(eras)('two agents work through every tool with no node running before, %s', async (_, options) => {
    const at = home();
    const kai = await onStdio(at, ['--as', 'kai'], options);
    await kai.does('who');
    const mia = await onStdio(at, ['--as', 'mia'], options);
    expect(mia.client.getInstructions()).toContain('You are @mia.');
    await workThrough(kai, mia);
  });

  it('goes through the node that runs; where that is killed, the next call makes or finds another', async () => {
    const at = home();
    const up = at.start(['up', '--as', 'kai', '--port', '0']);
    await once(up.stdout ?? up, 'data');
    const [kai, mia] = [await onStdio(at, ['--as', 'kai']), await onStdio(at, ['--as', 'mia'])];
    await kai.does('post', { to: 'general', text: 'one' });
    up.kill('SIGKILL');
    await once(up, 'close');
    await Promise.all([
      kai.does('post', { to: 'general', text: 'two' }),
      mia.does('post', { to: 'general', text: 'three' }),
    ]);
    await post(at, 'four');
    const { data } = await mia.does('read', { channel: 'general' });
    const texts = (data['items'] as { text: string }[]).map(({ text }) => text);
    expect(texts.toSorted()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('tells who follows the digest as something arrives for it', async () => {
    const at = home();
    const kai = await onStdio(at, ['--as', 'kai']);
    const mia = await onStdio(at, ['--as', 'mia']);
    await kai.does('post', { to: 'general', text: 'here' });
    const told = new Promise<string>((resolve) => {
      kai.client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
        resolve(params.uri),
      );
    });
    await kai.client.subscribeResource({ uri: 'coterie://digest' });
    await mia.does('post', { to: '@kai', text: 'psst' });
    expect(await told).toBe('coterie://digest');
  });

  it('says nothing on stdout but the protocol, and ends as the client closes its end', async () => {
    const at = home();
    const child = spawn(process.execPath, [entry, 'mcp', '--as', 'kai', '--data', at.data], {
      env: { PATH: process.env['PATH'] ?? '', HOME: at.path },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      if (said.includes('"id":2')) child.stdin.end();
    });
    const send = (message: object): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'test', version: '1' };
    send({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
    });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'post', arguments: { to: 'general', text: 'hi' } } });
    expect(await once(child, 'close')).toEqual([0, null]);
    const messages = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id?: number; jsonrpc: string });
    expect(messages.map(({ id }) => id)).toEqual([1, 2]);
  });

  it('who says all at once and closes its end gets every answer', async () => {
    const said = [
      {
        id: 0,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'at once', version: '1' },
        },
      },
      { method: 'notifications/initialized' },
      {
        id: 1,
        method: 'tools/call',
        params: { name: 'post', arguments: { to: 'general', text: 'at once' } },
      },
      { id: 2, method: 'tools/call', params: { name: 'read', arguments: { what: 'general' } } },
    ].map((one) => `${JSON.stringify({ jsonrpc: '2.0', ...one })}\n`);
    const here = home();
    const { code, stdout } = await here.run(['mcp', '--as', 'kai'], { stdin: said.join('') });
    expect(code).toBe(0);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    expect(answers.sort()).toEqual([0, 1, 2]);
    expect((await here.run(['read', 'general', '--as', 'kai'])).stdout).toContain('at once');
  });

  it('an error has code, message, hint and legal moves, as a result that the model reads', async () => {
    const kai = await onStdio(home(), ['--as', 'kai']);
    expect(await kai.call('post', { to: 'nowhere', text: 'x' })).toMatchObject({
      failed: true,
      text: expect.stringMatching(/^not_found: .*nowhere.*\n/),
      data: { error: { code: 'not_found' } },
    });
    await kai.does('task', { action: 'create', title: 'One', status: 'cancelled' });
    expect((await kai.call('task', { action: 'move', id: 'kai-1', status: 'review' })).text).toMatch(
      /^illegal_move: [\s\S]*\nlegal: /,
    );
    expect((await kai.call('post', { to: 'general', text: 'x', colour: 'red' })).text).toContain(
      'invalid: unknown field colour',
    );
    expect((await kai.call('task', { action: 'comment', id: 'kai-1', title: 'x' })).text).toContain(
      'legal: action, id, text',
    );
    await expect(kai.call('nothing')).rejects.toMatchObject({ code: -32602 });
  });
});

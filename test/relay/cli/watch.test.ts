import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { scratch } from '../../support/scratch.ts';
import { ended, type Home, home, printed, servedHome } from './support.ts';

let here: Home;
let node: Node;

beforeAll(async () => {
  const served = await servedHome();
  ({ here, node } = served);
  return served.close;
});

/** A member that is there, and whom nothing waits for. */
async function present(handle: string): Promise<void> {
  await node.replica.as(handle).messages.post('dev', { text: 'I am here.' });
}

/** A watch that is ended with the test. */
function watching(args: readonly string[], env: Record<string, string> = {}) {
  const child = here.start(['watch', ...args], { env });
  const end = ended(child);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await end;
  });
  return { child, end };
}

const mention = (handle: string, text: string) =>
  node.replica.messages.post('general', { text: `@${handle} ${text}` });

describe('coterie watch --for me', () => {
  it('tells what is open, then what comes up, one JSON value a line', async () => {
    await present('ann');
    await mention('ann', 'before');
    const { child } = watching(['--for', 'me', '--as', 'ann', '--json']);
    const [, first = ''] = await printed(child, /^(.*before.*)\n/m);
    expect(JSON.parse(first)).toMatchObject({ kind: 'mention', text: '@ann before', by: { handle: 'kai' } });
    const second = printed(child, /^(.*after.*)\n/m);
    await node.replica.messages.post('general', { text: 'For nobody.' });
    await mention('ann', 'after');
    expect((await second)[0]).not.toContain('nobody');
  });

  it('runs a command for each, one at a time, with the item on stdin and in variables', async () => {
    await present('bo');
    await mention('bo', 'one');
    await mention('bo', 'two "$(touch /tmp/never)" `x`');
    const command =
      'echo begin; cat; printf "%s|%s|%s|%s\\n" "$COTERIE_KIND" "$COTERIE_BY" "$COTERIE_AS" "$COTERIE_TEXT"; echo end';
    const { child } = watching(['--for', 'me', '--exec', command, '--as', 'bo']);
    const [text] = await printed(child, /(?:begin[\s\S]*?\nend\n){2}/);
    const lines = text.trim().split('\n');
    expect(lines.map((line) => (/^(?:begin|end)$/.test(line) ? line : '·')).join(' ')).toBe(
      'begin · · end begin · · end',
    );
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ kind: 'mention', text: '@bo one' });
    expect(lines[2]).toBe('mention|kai|bo|@bo one');
    expect(lines[6]).toBe('mention|kai|bo|@bo two "$(touch /tmp/never)" `x`');
  });

  it('goes on where an earlier run ended: what was done is not done again, what was cut off is', async () => {
    await present('cy');
    await mention('cy', 'one');
    const log = join(scratch(), 'log');
    const gate = join(scratch(), 'gate');
    // The second one waits to be killed.
    const command = `echo "$COTERIE_TEXT" >> '${log}'; echo "did $COTERIE_TEXT"; if [ "$COTERIE_TEXT" = '@cy two' ] && ! [ -e '${gate}' ]; then exec sleep 600; fi`;
    const args = ['--for', 'me', '--exec', command, '--as', 'cy'];
    const first = watching(args);
    await printed(first.child, /did @cy one\n/);
    await mention('cy', 'two');
    await printed(first.child, /did @cy two\n/);
    first.child.kill('SIGTERM');
    // Its output ends with the command, so that is ended as well.
    expect((await first.end).code).toBe(143);
    writeFileSync(gate, '');
    await mention('cy', 'three');
    const second = watching(args);
    await printed(second.child, /did @cy three\n/);
    expect(readFileSync(log, 'utf8')).toBe('@cy one\n@cy two\n@cy two\n@cy three\n');
  });

  it('goes on after a command that fails, and says so', async () => {
    await present('dee');
    await mention('dee', 'one');
    await mention('dee', 'two');
    const { child, end } = watching([
      '--for',
      'me',
      '--types',
      'mention',
      '--exec',
      'echo "did $COTERIE_TEXT"; exit 3',
      '--as',
      'dee',
    ]);
    await printed(child, /did @dee two\n/);
    const third = printed(child, /did @dee three\n/);
    await mention('dee', 'three');
    await third;
    child.kill('SIGINT');
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(
      stderr.match(/the command ended with 3 for mention [a-z2-7]{26}; going on/g)?.length,
    ).toBeGreaterThanOrEqual(2);
  });

  it.each([
    [['--for', 'you'], 2, '--for is me'],
    [['--for', 'me', '--since', '0'], 2, 'takes no --since'],
    [['--for', 'me', '--types', 'message.*'], 2, 'kind'],
    [['--keep', 'x'], 2, '--exec'],
  ])('%j is refused', async (args, code, message) => {
    const ran = await here.run(['watch', ...args]);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('needs a node', async () => {
    const ran = await home().run(['watch', '--for', 'me']);
    expect([ran.code, ran.stderr]).toEqual([6, expect.stringContaining('coterie up')]);
  });
});

describe('coterie watch --exec', () => {
  it('runs for each event beyond the cursor, and keeps how far it is where it is told', async () => {
    const keep = join(scratch(), 'kept.json');
    const { cursor } = await node.replica.status();
    await node.replica.messages.post('general', { text: 'first' });
    const args = [
      '--since',
      cursor,
      '--types',
      'message.create',
      '--exec',
      'echo "did $COTERIE_KIND $COTERIE_TEXT"',
      '--keep',
      keep,
    ];
    const one = watching(args);
    await printed(one.child, /did message.create first\n/);
    await node.replica.messages.post('general', { text: 'second' });
    await printed(one.child, /did message.create second\n/);
    one.child.kill('SIGKILL');
    await one.end;
    await node.replica.messages.post('general', { text: 'third' });
    const two = watching(args);
    const [text] = await printed(two.child, /[\s\S]*third\n/);
    expect(text).not.toContain('first');
    expect(JSON.parse(readFileSync(keep, 'utf8'))).toHaveProperty('cursor');
  });

  it('says so when the file that it keeps makes no sense', async () => {
    const keep = join(scratch(), 'kept.json');
    writeFileSync(keep, 'no');
    const { code, stderr } = await here.run(['watch', '--exec', 'true', '--keep', keep]);
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(keep)]);
    expect(code).not.toBe(0);
  });
});

describe('coterie watch, whose node is started again', () => {
  it.each([[['watch', '--since', '0', '--json']], [['watch', '--for', 'me', '--json']]])(
    '%j finds it at another port, and whoever is at its old one gets no token',
    async (args) => {
      const own = home();
      const up = async () => {
        const child = own.start(['up', '--port', '0']);
        const end = ended(child);
        onTestFinished(async () => {
          child.kill('SIGKILL');
          await end;
        });
        const [, port] = await printed(child, /http:\/\/127\.0\.0\.1:(\d+)/);
        return { child, end, port: Number(port) };
      };
      const first = await up();
      const mention = async (text: string) =>
        expect(await own.run(['post', 'general', `@zoe-q ${text}`, '--as', 'ann'])).toMatchObject({
          code: 0,
        });
      expect(await own.run(['post', 'general', 'here'])).toMatchObject({ code: 0 });
      const watcher = own.start(args);
      const watched = ended(watcher);
      onTestFinished(async () => {
        watcher.kill('SIGKILL');
        await watched;
      });
      const before = printed(watcher, /before/);
      await mention('before');
      await before;
      const after = printed(watcher, /after/);
      const back = printed(watcher, /the node is back/, 'stderr');
      first.child.kill('SIGKILL');
      await first.end;
      const tokens: unknown[] = [];
      const stranger = createServer((asked, answer) => {
        tokens.push(...(asked.headers.authorization === undefined ? [] : [asked.headers.authorization]));
        answer.end(JSON.stringify({ ok: true, node: 'another' }));
      });
      await new Promise<void>((resolve) => stranger.listen(first.port, '127.0.0.1', resolve));
      onTestFinished(() => {
        stranger.closeAllConnections();
        stranger.close();
      });
      expect((await up()).port).not.toBe(first.port);
      await mention('after');
      await after;
      await back;
      expect(tokens).toEqual([]);
    },
  );
});

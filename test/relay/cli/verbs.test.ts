import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Acknowledged,
  ActivityItem,
  CatchUp,
  Channel,
  Comment,
  DoctorReport,
  ErrorAnswer,
  Event,
  ExportSummary,
  Group,
  History,
  Inbox,
  list,
  Member,
  Memory,
  Message,
  Presence,
  Remembered,
  RemoteInfo,
  ReplicaInfo,
  Reservation,
  SearchAnswer,
  Status,
  Task,
  Thread,
} from '../../../schemas/index.ts';
import { type Ended, ended, type Home, home, printed } from './support.ts';

interface Schema {
  parse(value: unknown): unknown;
}

/** A verb, its schema, and what to keep of its answer for later verbs: `$name` in arguments. */
type Step = readonly [argv: string, answer: Schema, keep?: Readonly<Record<string, string>>];

const steps: readonly Step[] = [
  ['post general first_message', Message, { first: 'id' }],
  ['post general reply --thread $first', Message, { reply: 'id' }],
  ['read general --limit 1', list(Message)],
  ['thread $first --resolve', Thread],
  ['thread $first --mute', Thread],
  ['thread $first --unfollow --reopen', Thread],
  ['react $first tada', Message],
  ['react $first tada --remove', Message],
  ['pin $first', Message],
  ['edit $first second', Message],
  ['history $first', History],
  ['history $first --at 2031-01-01', History],
  ['redact $reply --reason why', { parse: (value) => value }],
  ['channel create made --topic T', Channel],
  ['channel topic made other', Channel],
  ['channel rename made named', Channel],
  ['channel hops named 8', Channel],
  ['group create crew kai', Group],
  ['group remove crew kai', Group],
  ['group add crew kai', Group],
  ['group list', list(Group)],
  ['channel archive named', Channel],
  ['channel archive named --undo', Channel],
  ['channel list', list(Channel)],
  ['task create Title --priority P1 --label a --label b --due 2030-01-01', Task, { task: 'short' }],
  ['task create Other', Task, { other: 'short' }],
  ['task update $task --title New --evidence commit:abc --assignee none --unlabel a', Task],
  ['task link $task blocks $other', Task],
  ['task unlink $task blocks $other', Task],
  ['task claim $task', Task],
  ['task move $task doing', Task],
  ['task release $task', Task],
  ['task comment $task noted', Comment],
  ['task show $task', Task],
  ['task list --status doing', list(Task)],
  ['task ready', list(Task)],
  ['reserve src/** docs/*.md --for 90m --task $task --reason why', Reservation, { held: 'id' }],
  ['reserve src/** docs/*.md --for 2h', Reservation],
  ['reservations --mine --path src/a.ts', list(Reservation)],
  ['unreserve docs/*.md', list(Reservation)],
  ['unreserve $held', list(Reservation)],
  ['unreserve --all', list(Reservation)],
  ['remember a_fact --key k/1 --tag t', Remembered],
  ['memory show k/1', Memory],
  ['memory list --tag t', list(Memory)],
  ['recall a_fact --mode hybrid --explain', SearchAnswer],
  ['search first_message --mode text --explain', SearchAnswer],
  ['memory forget k/1', Memory],
  ['catch-up --budget 1000', CatchUp, { receipt: 'receipt' }],
  ['ack $receipt', Acknowledged],
  ['inbox --limit 2', Inbox, { receipt: 'receipt' }],
  ['ack $receipt', Acknowledged],
  ['presence working --task $task --note busy', Presence],
  ['who --present', list(Presence)],
  ['activity --limit 3', list(ActivityItem)],
  ['activity --limit 3 --each', list(ActivityItem)],
  ['members', list(Member)],
  ['members --name Kai', Member],
  ['members --as ben --name Ben', Member],
  ['grant ben admin', Member],
  ['status', Status],
  ['replicas', list(ReplicaInfo)],
  ['remote status', list(RemoteInfo)],
  ['export out', ExportSummary],
  ['compact', { parse: (value) => value }],
  ['doctor', DoctorReport],
];

const directory = mkdtempSync(join(tmpdir(), 'coterie-verbs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Opening the directory each time is slow: without a node, one verb of each file is enough. */
const alone = [
  'post general first',
  'post general reply',
  'read',
  'thread',
  'redact',
  'channel create',
  'task create',
  'task update',
  'task show',
  'remember',
  'recall',
  'catch-up',
  'inbox',
  'ack',
  'export',
  'doctor',
];

/** Runs the steps in order, and checks what each printed. */
async function runAll(here: Home, chosen: readonly Step[]): Promise<void> {
  const kept = new Map<string, string>();
  for (const [argv, schema, keep] of chosen) {
    const words = argv
      .split(' ')
      .map((word) => (word.startsWith('$') ? (kept.get(word.slice(1)) ?? word) : word));
    const { code, stdout, stderr } = await here.run([...words, '--json']);
    expect({ argv, code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({
      argv,
      code: 0,
      stderr: '',
    });
    expect(stdout.trimEnd().split('\n'), argv).toHaveLength(1);
    const answer: unknown = JSON.parse(stdout);
    schema.parse(answer);
    for (const [name, field] of Object.entries(keep ?? {}))
      kept.set(name, String(Reflect.get(Object(answer), field)));
  }
}

/** Verbs whose human output has to say something. */
const shown = [
  'read general',
  'channel list',
  'task list',
  'status',
  'members',
  'catch-up',
  'inbox',
  'activity',
  'doctor',
];

describe('without a node', () => {
  const here = home(join(directory, 'alone'));

  const few = steps.filter(([argv]) => alone.some((start) => argv.startsWith(start)));

  it('a verb prints the shape of its answer', () => runAll(here, few), 180_000);

  it.each([
    [['post', 'nowhere', 'x'], 3, 'not_found'],
    [['task', 'show', 'kai-999'], 3, 'not_found'],
    [['channel', 'create', 'general'], 4, 'exists'],
    [['channel', 'create', 'Not A Name'], 2, 'invalid'],
    [['task', 'create', 'x', '--priority', 'P9'], 2, 'invalid'],
    [['post', 'general', 'x', '--as', 'Not A Handle'], 2, 'invalid'],
    [['watch', '--since', 'nowhere.1'], 4, 'cursor_unknown'],
    [['watch'], 6, 'unreachable'],
    [['ack', 'none.1.2'], 4, 'receipt_unknown'],
    [['ack', 'none'], 3, 'not_found'],
    [['ack', 'none-1'], 2, 'invalid'],
    [['presence', 'idle'], 6, 'unreachable'],
    [['ack'], 2, 'usage'],
    [['import', 'slack', 'none.zip'], 2, 'import_invalid'],
    [['import', 'other', 'x'], 2, 'usage'],
    [['up', '--upstream', 'x'], 2, 'usage'],
    [['up', '--durability', 'some'], 2, 'usage'],
  ])('%j ends with %i, %s', async (argv, exit, code) => {
    const { code: ended_, stdout } = await here.run([...argv, '--json']);
    expect(ErrorAnswer.parse(JSON.parse(stdout)).error.code).toBe(code);
    expect(ended_).toBe(exit);
  });

  it('refuses a text over 64 KB, from stdin', async () => {
    const { code, stdout } = await here.run(['post', 'general', '-', '--json'], {
      stdin: 'x'.repeat(66_000),
    });
    expect(ErrorAnswer.parse(JSON.parse(stdout)).error.code).toBe('too_large');
    expect(code).toBe(2);
  });

  it('a repeat with the same key is the same message', async () => {
    const first = await here.run(['post', 'general', 'once', '--key', 'k']);
    expect(first.code).toBe(0);
    expect((await here.run(['post', 'general', 'once', '--key', 'k'])).stdout).toBe(first.stdout);
    expect((await here.run(['post', 'general', 'other', '--key', 'k'])).code).toBe(4);
  });

  it('two commands at once both get their turn', async () => {
    const both = await Promise.all([here.run(['post', 'general', 'a']), here.run(['post', 'general', 'b'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
  });

  it('a backup is restored elsewhere; alone it writes, otherwise it waits for a peer', async () => {
    expect((await here.run(['backup', 'kept'])).code).toBe(0);
    expect((await here.run(['backup', 'kept'])).code).not.toBe(0);
    const before = await here.run(['status', '--json']);
    const from = (data: string, ...more: string[]) => here.run(['--data', data, ...more]);
    expect((await from('one', 'restore', 'kept', '--alone', '--json')).code).toBe(0);
    expect((await from('two', 'restore', 'kept')).code).toBe(0);
    expect((await from('two', 'restore', 'kept')).code).toBe(4);
    const status = async (data: string) =>
      Status.parse(JSON.parse((await from(data, 'status', '--json')).stdout));
    const { counts } = Status.parse(JSON.parse(before.stdout));
    expect((await status('two')).counts).toEqual(counts);
    expect((await from('one', 'post', 'general', 'hi')).code).toBe(0);
    const refused = await from('two', 'post', 'general', 'hi', '--json');
    expect(ErrorAnswer.parse(JSON.parse(refused.stdout)).error.code).toBe('restored');
    expect(refused.code).toBe(4);
  }, 120_000);

  it('watch tells what happened since, and ends', async () => {
    const { code, stdout } = await here.run(['watch', '--since', '0', '--types', 'message.*', '--json']);
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n')) Event.parse(JSON.parse(line));
  });
});

describe('with a node', () => {
  const here = home(join(directory, 'node'));
  const up = (...more: string[]) => here.start(['up', '--as', 'kai', '--port', '0', '--json', ...more]);
  let node: ReturnType<typeof up>;
  let url = '';
  beforeAll(async () => {
    node = up();
    url = (await printed(node, /"url":"([^"]+)"/))[1] ?? '';
  });
  afterAll(() => {
    node.kill('SIGKILL');
  });

  it('every verb prints the shape of its answer', () => runAll(here, steps), 180_000);

  it.each(shown)('%s says something to people, without colours', async (argv) => {
    const { code, stdout, stderr } = await here.run(argv.split(' '));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).not.toBe('');
    expect(stdout).not.toContain('\u001b');
  });

  it('the member named at the first up is the default, a flag and the environment win', async () => {
    const by = async (argv: string[], env: Record<string, string> = {}) => {
      const { stdout, stderr } = await here.run(['post', 'general', 'who', '--json', ...argv], { env });
      return { handle: Message.parse(JSON.parse(stdout)).author.handle, stderr };
    };
    expect((await by([])).handle).toBe('kai');
    expect(await by(['--as', 'ann'])).toMatchObject({
      handle: 'ann',
      stderr: expect.stringContaining('made the member ann'),
    });
    expect(await by([], { COTERIE_AS: 'ann' })).toEqual({ handle: 'ann', stderr: '' });
  });

  it('a backup keeps who is the default', async () => {
    expect((await here.run(['backup', 'of-kai'])).code).toBe(0);
    const restored = await here.run(['--data', 'from-kai', 'restore', 'of-kai', '--alone']);
    expect(restored.stdout).toContain('it speaks as kai');
    const { stdout } = await here.run(['--data', 'from-kai', 'post', 'general', 'who', '--json']);
    expect(Message.parse(JSON.parse(stdout)).author.handle).toBe('kai');
  });

  it('up says that ours runs already, and its curl lines work', async () => {
    const { code, stdout } = await here.run(['up']);
    expect(code).toBe(0);
    expect(stdout).toContain(url);
    expect(stdout).toContain('already running');
    const lines = stdout.split('\n').filter((line) => line.includes('curl'));
    expect(lines).toHaveLength(2);
    const [read, post] = await Promise.all(lines.map((line) => promisify(execFile)('sh', ['-c', line])));
    expect(
      list(Channel)
        .parse(JSON.parse(read?.stdout ?? ''))
        .items.map(({ name }) => name),
    ).toContain('general');
    expect(Message.parse(JSON.parse(post?.stdout ?? '')).text).toBe('Hello');
  });

  it('another program on the port is port_busy', async () => {
    const other = home(join(directory, 'other'));
    const { code, stdout } = await other.run(['up', '--port', new URL(url).port, '--json']);
    expect(ErrorAnswer.parse(JSON.parse(stdout)).error.code).toBe('port_busy');
    expect(code).toBe(4);
  });

  it('--url with the token of a member speaks as that member, from anywhere', async () => {
    const token = (await here.run(['token', 'ann'])).stdout.trim();
    const far = home(join(directory, 'far'));
    const env = { COTERIE_URL: url, COTERIE_TOKEN: token };
    const { stdout } = await far.run(['post', 'general', 'x', '--json'], { env });
    expect(Message.parse(JSON.parse(stdout)).author.handle).toBe('ann');
    expect(existsSync(far.data)).toBe(false);
  });

  it('watch goes on across a restart, ends with 130, and holds up no stop', async () => {
    const watching = here.start(['watch', '--since', '0', '--types', 'message.*', '--json']);
    const watched: Promise<Ended> = ended(watching);
    const first = printed(watching, /before-restart/);
    await here.run(['post', 'general', 'before-restart']);
    await first;
    const stopped = new Promise((resolve) => node.on('close', resolve));
    node.kill('SIGINT');
    expect(await stopped).toBe(0);
    node = up('--port', new URL(url).port);
    await printed(node, /"url"/);
    const second = printed(watching, /after-restart/);
    await here.run(['post', 'general', 'after-restart']);
    await second;
    watching.kill('SIGINT');
    const { code, stdout } = await watched;
    expect(code).toBe(130);
    const cursors = stdout
      .trimEnd()
      .split('\n')
      .map((line) => Event.parse(JSON.parse(line)).cursor);
    expect(new Set(cursors).size).toBe(cursors.length);
  });
});

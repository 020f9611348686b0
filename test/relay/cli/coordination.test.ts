import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Acknowledged,
  ActivityItem,
  ArbiterInfo,
  ErrorAnswer,
  History,
  Inbox,
  list,
  Presence,
  ReplicaInfo,
  Reservation,
  Task,
} from '../../../schemas/index.ts';
import { type Home, home, printed } from './support.ts';

interface Schema<T> {
  parse(value: unknown): T;
}

/** A node of a directory that runs until the test is over, and its verbs as processes of their own. */
async function team(at: Home, name = 'coterie', more: readonly string[] = []) {
  const env = { COTERIE_DATA: join(at.path, name), XDG_STATE_HOME: join(at.path, `state-${name}`) };
  const child = at.start(['up', '--port', '0', '--as', 'kai', '--json', ...more], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await printed(child, /^\{.*\}$/m);
  const run = (as: string, argv: readonly string[]) => at.run([...argv, '--as', as, '--json'], { env });
  return {
    url: (JSON.parse(line) as { url: string }).url,
    /** Runs a verb as a member; its answer has the shape. */
    async as<T>(who: string, shape: Schema<T>, ...argv: string[]): Promise<T> {
      const { code, stdout, stderr } = await run(who, argv);
      expect({ argv, code, out: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ argv, code: 0, out: '' });
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      return shape.parse(JSON.parse(stdout));
    },
    /** Runs a verb that is refused: its code, its exit code, and what would be accepted. */
    async refused(who: string, ...argv: string[]): Promise<readonly unknown[]> {
      const { code, stdout } = await run(who, argv);
      const { error } = ErrorAnswer.parse(JSON.parse(stdout));
      return [error.code, code, ...(error.legal ? [error.legal] : [])];
    },
  };
}

const holder = ({ claim }: Task) => claim && [claim.by.handle, claim.certainty];

describe('the verbs of coordination, each a process', () => {
  it('history takes a time before now, and says what it cannot find; a task shows its lease', async () => {
    const here = home();
    const run = (...argv: string[]) => here.run([...argv, '--as', 'kai']);
    await run('task', 'create', 'One');
    await run('task', 'claim', 'kai-1', '--ttl', '30m');
    expect((await run('history', 'kai-1', '--at', '2h')).stdout).toContain('it was not there');
    expect((await run('history', 'kai-1', '--at', '2h')).code).toBe(0);
    const unknown = await run('history', 'kai-7');
    expect(unknown.stderr).toMatch(/^error: There is nothing called kai-7\.\nhint: Give an id/);
    expect((await run('history', 'general')).stdout).toContain('name general built in');
    expect((await run('task', 'show', 'kai-1')).stdout).toMatch(
      /^claimed +now by kai, tentative, lease ends in \d+ min \(\d{4}-.*Z\)$/m,
    );
  });

  it('CLM-12 CLM-5: claim, renew, take over, force, decide, release', async () => {
    const at = await team(home());
    await at.as('kai', { parse: () => undefined }, 'post', 'general', 'here');
    const { short: one } = await at.as('kai', Task, 'task', 'create', 'One', '--reviewer', 'kai');
    const two = (await at.as('kai', Task, 'task', 'create', 'Two')).short;

    expect(holder(await at.as('rin', Task, 'task', 'claim', one))).toEqual(['rin', 'tentative']);
    expect(await at.refused('lou', 'task', 'claim', one)).toEqual(['held', 4, ['comment', 'ready']]);
    expect(await at.refused('lou', 'task', 'renew', one)).toEqual(['not_held', 4, ['comment', 'ready']]);
    expect((await at.as('rin', Task, 'task', 'release', one, '--reason', 'lunch')).claim).toBeNull();
    expect(await at.refused('rin', 'task', 'renew', one)).toEqual(['not_held', 4, ['claim']]);

    const need = ['--need', 'granted', '--timeout', '5s'];
    const first = await at.as(
      'rin',
      Task,
      'task',
      'claim',
      one,
      ...need,
      '--ttl',
      '1h',
      '--incarnation',
      'a',
    );
    expect(first.claim).toMatchObject({ certainty: 'granted', incarnation: 'a' });
    const next = await at.as('rin', Task, 'task', 'claim', one, ...need, '--incarnation', 'b');
    expect(next.claim).toMatchObject({ by: { handle: 'rin' }, certainty: 'granted', incarnation: 'b' });
    const longer = await at.as('rin', Task, 'task', 'renew', one, '--ttl', '5h');
    expect(Date.parse(longer.claim?.until ?? '')).toBeGreaterThan(Date.parse(next.claim?.until ?? ''));

    expect(await at.refused('lou', 'task', 'claim', one, '--force', '--reason', 'mine')).toEqual([
      'forbidden',
      5,
    ]);
    expect(await at.refused('kai', 'task', 'claim', one, '--force')).toEqual(['invalid', 2]);
    const forced = ['task', 'claim', one, '--force', '--reason', 'rin is away', '--need', 'granted'];
    expect(holder(await at.as('kai', Task, ...forced))).toEqual(['kai', 'granted']);
    const [item] = (await at.as('rin', Inbox, 'inbox')).items;
    expect(item).toMatchObject({ kind: 'lost', text: 'claim lost to kai (granted), now doing: One' });
    expect(await at.as('rin', Acknowledged, 'ack', item?.short ?? '')).toMatchObject({ items: 1, open: 0 });

    // A result of somebody else than who was granted it is contested: the reviewer decides.
    const contested = await at.as('rin', Task, 'task', 'move', one, 'done');
    expect(contested.contested).toBeTruthy();
    expect((await at.as('kai', Task, 'task', 'decide', one, 'reject', '--reason', 'no')).status).toBe(
      'doing',
    );
    // She holds it herself by now: nobody reviews her own work, unless an admin says why.
    expect((await at.refused('kai', 'task', 'move', one, 'done')).slice(0, 2)).toEqual(['illegal_move', 4]);
    const finish = ['task', 'move', one, 'done', '--force'];
    expect(await at.refused('kai', ...finish)).toEqual(['invalid', 2]);
    expect((await at.as('kai', Task, ...finish, '--reason', 'alone here')).status).toBe('done');
    expect((await at.refused('rin', 'task', 'claim', one)).slice(0, 2)).toEqual(['illegal_move', 4]);
    expect(await at.refused('rin', 'task', 'claim', 'kai-99')).toEqual(['not_found', 3]);
    expect((await at.as('kai', list(Task), 'task', 'ready')).items.map(({ short }) => short)).toEqual([two]);
  }, 180_000);

  it('TSK-3 TSK-4 TSK-6 TSK-7: review, block and go on', async () => {
    const at = await team(home());
    const make = async (...more: string[]) => (await at.as('kai', Task, 'task', 'create', ...more)).short;
    const one = await make('One', '--criteria', 'It runs');
    const other = await make('Other', '--priority', 'P0');
    expect(await at.refused('kai', 'task', 'move', one, 'blocked')).toEqual(['invalid', 2]);
    const blocked = await at.as('kai', Task, 'task', 'move', one, 'blocked', '--on', other);
    expect(blocked).toMatchObject({ status: 'blocked', blocked: { on: [{ short: other }] } });
    const ready = async () =>
      (await at.as('kai', list(Task), 'task', 'ready')).items.map(({ short }) => short);
    expect(await ready()).toEqual([other]);
    await at.as('rin', Task, 'task', 'claim', other);
    await at.as('rin', Task, 'task', 'move', other, 'review');
    expect((await at.refused('rin', 'task', 'decide', other, 'accept')).slice(0, 2)).toEqual([
      'forbidden',
      5,
    ]);
    expect(await at.refused('kai', 'task', 'decide', other, 'reject')).toEqual(['invalid', 2]);
    expect((await at.as('kai', Task, 'task', 'decide', other, 'accept')).status).toBe('done');
    expect(await ready()).toEqual([one]);
    expect((await at.refused('kai', 'task', 'move', one, 'done')).slice(0, 2)).toEqual(['illegal_move', 4]);
    const shown = await at.as('kai', Task, 'task', 'move', one, 'done', '--evidence', 'commit:4f1c2ab');
    expect(shown).toMatchObject({ status: 'done', evidence: [{ kind: 'commit', ref: '4f1c2ab' }] });
    for (const flag of ['--stale', '--overdue'])
      expect(await at.as('kai', list(Task), 'task', 'list', flag)).toEqual({ items: [] });
  }, 180_000);

  it('CLM-16 CLM-14 CLM-15: arbiter show, hand-over, move', async () => {
    const user = home();
    const here = await team(user);
    await here.as('kai', { parse: () => undefined }, 'post', 'general', 'here');
    const there = await team(user, 'other', ['--upstream', here.url]);
    const replicas = async () => (await here.as('kai', list(ReplicaInfo), 'replicas')).items;
    await expect.poll(async () => (await replicas()).length, { timeout: 30_000 }).toBe(2);
    const [self, other] = (await replicas()).sort((a, b) => Number(b.self) - Number(a.self));
    const shown = await here.as('kai', ArbiterInfo, 'arbiter', 'show');
    expect(shown).toMatchObject({ replica: self?.id, self: true, term: 1, how: 'genesis', grants: 0 });
    expect(await here.refused('kai', 'arbiter', 'hand-over', 'nobody')).toEqual(['not_found', 3]);
    expect(await here.refused('kai', 'arbiter', 'move', other?.id ?? '')).toEqual(['usage', 2]);
    expect(await here.as('kai', ArbiterInfo, 'arbiter', 'hand-over', other?.id ?? '')).toMatchObject({
      ...{ replica: other?.id, self: false, term: 2, how: 'hand-over' },
    });
    const term = async () => (await there.as('kai', ArbiterInfo, 'arbiter', 'show')).term;
    await expect.poll(term, { timeout: 30_000 }).toBe(2);
    expect(await here.refused('kai', 'arbiter', 'hand-over', self?.id ?? '')).toEqual(['forbidden', 5]);
    expect(await here.as('kai', ArbiterInfo, 'arbiter', 'move', self?.id ?? '', '--force')).toMatchObject({
      ...{ replica: self?.id, self: true, term: 3, how: 'move', by: { handle: 'kai' } },
    });
  }, 180_000);

  it('RSV-1 INB-11 PRS-1 HIS-3 HIS-5: reservations, presence, activity, history and blame', async () => {
    const at = await team(home());
    await at.as('kai', { parse: () => undefined }, 'post', 'general', 'here');
    const { short } = await at.as('kai', Task, 'task', 'create', 'One');
    const held = await at.as('kai', Reservation, 'reserve', 'src/**', '--task', short);
    const other = await at.as('rin', Reservation, 'reserve', 'src/*.ts', 'docs/a.md', '--for', '2h');
    expect(other.conflicts).toMatchObject([{ by: { handle: 'kai' } }]);
    expect((await at.as('kai', Inbox, 'inbox')).items).toMatchObject([
      { kind: 'overlap', by: { handle: 'rin' }, operations: expect.arrayContaining([held.id, other.id]) },
    ]);
    expect((await at.as('rin', list(Reservation), 'reservations', '--path', 'src/a.ts')).items).toHaveLength(
      2,
    );
    expect((await at.as('rin', list(Reservation), 'unreserve', '--all')).items).toHaveLength(1);
    expect((await at.as('kai', Inbox, 'inbox')).items).toEqual([]);
    expect(await at.refused('kai', 'reserve', 'src/[')).toEqual(['invalid', 2]);

    await at.as('rin', Presence, 'presence', 'waiting', '--waiting-for', 'kai', '--session', 's');
    await at.as('kai', Presence, 'presence', 'working', '--task', short, '--note', 'the parser');
    const who = await at.as('kai', list(Presence), 'who', '--present');
    expect(who.items).toMatchObject([
      { member: { handle: 'kai' }, state: 'working', task: { short }, note: 'the parser' },
      { member: { handle: 'rin' }, state: 'waiting', waitingFor: { handle: 'kai' } },
    ]);
    await at.as('rin', Presence, 'presence', 'offline', '--session', 's');
    expect((await at.as('kai', list(Presence), 'who', '--present')).items).toHaveLength(1);
    expect(await at.refused('kai', 'presence', 'working', '--task', 'kai-99')).toEqual(['not_found', 3]);

    await at.as('rin', Task, 'task', 'update', short, '--title', 'Two');
    const history = await at.as('kai', History, 'history', short);
    expect(history.items.map(({ type, by }) => [type, by?.handle])).toEqual([
      ['task.create', 'kai'],
      ['task.update', 'rin'],
    ]);
    const wrote = (field: string) => history.state?.fields.find((one) => one.field === field)?.by?.handle;
    expect([wrote('title'), wrote('priority')]).toEqual(['rin', 'kai']);
    expect(await at.refused('kai', 'history', short, '--at', 'some day')).toEqual(['invalid', 2]);

    for (const text of ['a', 'b', 'c']) await at.as('rin', { parse: () => undefined }, 'post', 'dev', text);
    const activity = async (...more: string[]) =>
      (await at.as('kai', list(ActivityItem), 'activity', '--types', 'message.*', '--by', 'rin', ...more))
        .items;
    expect(await activity()).toMatchObject([{ run: { count: 3 } }]);
    expect(await activity('--each')).toHaveLength(3);
  }, 180_000);
});

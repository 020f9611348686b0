import { describe, expect, it, onTestFinished } from 'vitest';
import { ErrorAnswer, Invitation, list, ReplicaInfo, Status } from '../../../schemas/index.ts';
import { type Home, home, printed } from './support.ts';

/** A node of a home that runs until the test is over. */
async function up(at: Home): Promise<string> {
  const child = at.start(['up', '--port', '0', '--as', 'kai', '--json']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await printed(child, /^\{.*\}$/m);
  return (JSON.parse(line) as { url: string }).url;
}

async function json(at: Home, ...argv: string[]): Promise<unknown> {
  const { stdout, stderr, code } = await at.run([...argv, '--json']);
  expect(code, `${argv.join(' ')}: ${stdout}${stderr}`).toBe(0);
  return JSON.parse(stdout);
}

async function error(at: Home, ...argv: string[]): Promise<readonly [string, number | null]> {
  const { stdout, code } = await at.run([...argv, '--json']);
  return [ErrorAnswer.parse(JSON.parse(stdout)).error.code, code];
}

describe('invite, join, replicas, revoke', () => {
  it('MCH-8: a second machine joins by what the first prints, and both list the replicas', async () => {
    const [here, there] = [home(), home()];
    const url = await up(here);
    const { stdout } = await here.run(['invite', '--as', 'kai', '--expires', '2h', '--uses', '2']);
    const [ticket = ''] = stdout.split('\n');
    expect(ticket).toMatch(/^http:.+\/join#[0-9A-Z]{4}(?:-[0-9A-Z]{1,4}){9}$/);
    const joined = await json(there, 'join', ticket, '--as', 'zoe');
    expect(joined).toMatchObject({ member: 'zoe', directory: there.data, addresses: [url], fresh: true });
    const status = Status.parse(await json(there, 'status'));
    expect(status.workspace).toEqual(Status.parse(await json(here, 'status')).workspace);
    const { items } = list(ReplicaInfo).parse(await json(there, 'replicas'));
    expect(items.map(({ self, by }) => [self, by?.handle])).toEqual([
      [false, undefined],
      [true, 'kai'],
    ]);
    expect(await json(there, 'join', ticket)).toMatchObject({ fresh: false });
    const shown = await there.run(['replicas']);
    expect(shown.stdout).toContain('this one');
  });

  it('MCH-7: each way in which a ticket does not work has a code and an exit code', async () => {
    const [here, there] = [home(), home()];
    expect(await error(home(), 'invite')).toEqual(['unreachable', 6]);
    await up(here);
    const once = Invitation.parse(await json(here, 'invite', '--as', 'kai'));
    expect(await error(there, 'join', once.ticket.slice(0, -8))).toEqual(['ticket_invalid', 2]);
    expect(await error(there, 'join', `${once.ticket.slice(0, -7)}00-0000`)).toEqual(['ticket_invalid', 2]);
    expect(await error(there, 'join', 'nonsense')).toEqual(['ticket_invalid', 2]);
    expect(await error(here, 'join', once.ticket)).toEqual(['directory_locked', 4]);
    await json(there, 'join', once.ticket);
    expect(await error(home(), 'join', once.ticket)).toEqual(['ticket_used', 5]);
    const full = home();
    await json(full, 'post', 'general', 'mine');
    expect(await error(full, 'join', once.ticket)).toEqual(['directory_not_empty', 4]);
    expect(await error(here, 'invite', '--role', 'king')).toEqual(['usage', 2]);
    expect(await error(here, 'invite', '--expires', '2020-01-01')).toEqual(['invalid', 2]);
    expect(await error(here, 'revoke', 'nobody')).toEqual(['not_found', 3]);
  });

  it('MCH-16: a ticket is taken back by itself or by its id, and the list says so', async () => {
    const here = home();
    await up(here);
    const taken = Invitation.parse(await json(here, 'invite', '--as', 'kai'));
    expect(await json(here, 'uninvite', taken.ticket)).toMatchObject({ id: taken.invite, used: 0 });
    expect(await error(home(), 'join', taken.ticket)).toEqual(['ticket_expired', 5]);
    expect(await error(here, 'uninvite', 'nothing')).toEqual(['not_found', 3]);
    expect((await here.run(['invites'])).stdout).toContain('revoked by kai');
  });
});

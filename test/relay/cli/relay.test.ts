import { expect, it } from 'vitest';
import { RelayInfo } from '../../../schemas/index.ts';
import { ended, home, printed } from './support.ts';

it('relay off this machine is readable or sealed, and says so', async () => {
  const here = home();
  for (const args of [
    ['relay', '--host', '0.0.0.0'],
    ['relay', '--open', '--host', '0.0.0.0'],
  ]) {
    const { code, stderr } = await here.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain('a relay that listens on 0.0.0.0 is --readable or --sealed');
  }
  const { code, stderr } = await here.run(['relay', '--sealed', '--readable']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('not both')]);
  const quota = await here.run(['relay', '--sealed', '--quota', 'much']);
  expect([quota.code, quota.stderr]).toEqual([2, expect.stringContaining('--quota is a size')]);
});

it('relay --sealed says where it is and with which code, and ends when it is told to', async () => {
  const here = home();
  const child = here.start(['relay', '--sealed', '--port', '0', '--quota', '2M']);
  const end = ended(child);
  const [, url = ''] = await printed(child, /coterie remote add '(http:\/\/127\.0\.0\.1:\d+)#[0-9a-f]{32}'/);
  expect(RelayInfo.parse(await (await fetch(`${url}/v1/relay`)).json()).mode).toBe('sealed');
  child.kill('SIGTERM');
  expect(await end).toMatchObject({ code: 0 });
});

import { expect, it, onTestFinished } from 'vitest';
import { ErrorAnswer, Login, Speaker } from '../../../schemas/index.ts';
import { ask } from '../http/support.ts';
import { home, printed } from './support.ts';

/** What a browser is that comes with a URL of the command line. */
async function comeIn(page: string): Promise<{ status: number; body: unknown }> {
  const [url = '', login] = page.split('/#t=');
  return ask(`${url}/v1/session`, { method: 'POST', json: { login }, headers: { origin: url } });
}

it('RLY-30: up and open print a URL that lets a browser in once, as the member that is named', async () => {
  const at = home();
  const none = await at.run(['open', '--json']);
  expect([none.code, ErrorAnswer.parse(JSON.parse(none.stdout)).error.code]).toEqual([6, 'unreachable']);
  const child = at.start(['up', '--port', '0', '--as', 'kai', '--json']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await printed(child, /^\{.*\}$/m);
  const up = JSON.parse(line) as { url: string; page: string };
  expect(up.page.startsWith(`${up.url}/#t=`)).toBe(true);
  expect(Speaker.parse((await comeIn(up.page)).body).handle).toBe('kai');
  expect((await comeIn(up.page)).status).toBe(401);
  const again = await at.run(['up', '--json']);
  const { page, running } = JSON.parse(again.stdout) as { page: string; running: boolean };
  expect([running, Speaker.parse((await comeIn(page)).body).handle]).toEqual([true, 'kai']);
  const { stdout } = await at.run(['open', '--as', 'lee']);
  expect(stdout).toMatch(/^http:\S+\/#t=[A-Za-z0-9_-]{43}\n$/);
  expect(Speaker.parse((await comeIn(stdout.trim())).body).handle).toBe('lee');
  const { url } = Login.parse(
    JSON.parse((await at.run(['open', '--url', up.url, '--as', 'kai', '--json'])).stdout),
  );
  expect(Speaker.parse((await comeIn(url)).body).handle).toBe('kai');
});

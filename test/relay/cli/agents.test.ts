import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encode } from 'gpt-tokenizer';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { ended, type Home, home, servedHome } from './support.ts';

let here: Home;
let node: Node;

beforeAll(async () => {
  const served = await servedHome();
  ({ here, node } = served);
  return served.close;
});

const hook = (event: string, as: string, told?: object, ...flags: readonly string[]) =>
  here.run(['hook', event, '--as', as, ...flags], told ? { stdin: JSON.stringify(told) } : {});

/** What the hook gives the agent's program to add. */
const added = (stdout: string): string =>
  (JSON.parse(stdout) as { hookSpecificOutput: { additionalContext: string } }).hookSpecificOutput
    .additionalContext;

describe('coterie prime', () => {
  it('tells who one is, what waits and how to act, and acknowledges nothing', async () => {
    const message = await node.replica.messages.post('general', { text: '@ann look at this, please' });
    const task = await node.replica.tasks.create({ title: 'Fix the parser', priority: 'P1' });
    const ann = node.replica.as('ann');
    const held = await ann.tasks.create({ title: 'Write it down' });
    await ann.tasks.claim(held.id);
    const before = await here.run(['prime', '--as', 'ann']);
    expect([before.code, before.stderr]).toEqual([0, '']);
    expect(before.stdout).toMatch(/^You are @ann \(agent, member\) in the coterie workspace default/);
    expect(before.stdout).toContain(`kai #general ${message.id}: @ann look at this, please`);
    expect(before.stdout).toContain(`${task.short} todo P1 Fix the parser`);
    expect(before.stdout).toContain(`${held.short} doing P2 Write it down`);
    const [, typed = ''] = /^"coterie" stands for: (.*)$/m.exec(before.stdout) ?? [];
    expect(typed).toMatch(/^\/.* \/.*coterie\.cjs --as ann$/);
    expect((await here.run(['prime', '--as', 'ann'])).stdout).toBe(before.stdout);
    const json = JSON.parse((await here.run(['prime', '--as', 'ann', '--json'])).stdout);
    expect(json).toMatchObject({
      handle: 'ann',
      member: { handle: 'ann', kind: 'agent' },
      inbox: { open: 1, items: [{ kind: 'mention', subject: message.id }] },
      tasks: { items: [{ short: held.short }], more: false },
    });
  });

  it('says so to one who is new, and makes no member', async () => {
    const { stdout } = await here.run(['prime', '--as', 'newcomer']);
    expect(stdout).toMatch(/^You are @newcomer \(new here: your first write makes you a member\)/);
    expect(stdout).toMatch(/^first: coterie post .* mentions of @newcomer reach you from then on/m);
    const { items } = await node.replica.members.list({ limit: 1000 });
    expect(items.map(({ handle }) => handle)).not.toContain('newcomer');
  });

  it.each([
    ['plain words', (n: number) => `${n} please look at the parser, it fails again on long input lines`],
    ['Chinese', (n: number) => `${n} ${'请看看解析器的测试为什么又失败了'.repeat(6)}`],
    ['emoji', (n: number) => `${n} ${'👩‍👩‍👧‍👦🧑🏽‍🚀🏳️‍🌈'.repeat(30)}`],
    ['noise', (n: number) => `${n} ${'q7Zx9!kW#vJ2$mB&'.repeat(20)}`],
  ])('takes under 700 tokens where very much waits, in %s', async (name, text) => {
    const as = `busy-${name.replace(' ', '-').toLowerCase()}`;
    const busy = node.replica.as(as);
    await busy.messages.post('general', { text: 'I am here.' });
    for (let n = 0; n < 40; n++) {
      await node.replica.messages.post('general', { text: `@${as} ${text(n)}` });
      const { id } = await node.replica.tasks.create({
        title: [...text(n)].slice(0, 75).join(''),
        assignee: as,
      });
      if (n % 2 === 0) await busy.tasks.claim(id);
    }
    const { stdout } = await here.run(['prime', '--as', as]);
    const [, open] = /^needs you: (\d+) /m.exec(stdout) ?? [];
    expect(Number(open)).toBeGreaterThanOrEqual(40);
    expect(stdout).toContain('yours: 5 or more');
    // The first of each are shown, however dear they are.
    expect(stdout.match(/^ {2}\w+ mention kai/gm)?.length).toBeGreaterThanOrEqual(1);
    expect(stdout).toContain('coterie VERB --help');
    expect(encode(stdout).length).toBeLessThan(700);
  });
});

describe('the hooks of an agent’s program', () => {
  it('say nothing where nothing is unread, and tell each thing once in a session', async () => {
    const bo = node.replica.as('bo');
    await bo.messages.post('general', { text: 'I am here.' });
    const { receipt } = await bo.catchUp({});
    await bo.acknowledge({ receipt });
    const told = (event: string) => ({ hook_event_name: event, session_id: 'one', cwd: '/' });
    const silent = { code: 0, stdout: '', stderr: '' };
    for (const event of ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop'])
      expect(await hook(event, 'bo', told(event))).toMatchObject(silent);

    const { id } = await node.replica.messages.post('general', { text: '@bo can you look?' });
    const first = await hook('PostToolUse', 'bo', told('PostToolUse'));
    expect(JSON.parse(first.stdout)).toMatchObject({ hookSpecificOutput: { hookEventName: 'PostToolUse' } });
    expect(added(first.stdout)).toContain(`mention kai #general ${id}: @bo can you look?`);
    expect(await hook('PostToolUse', 'bo', told('PostToolUse'))).toMatchObject(silent);

    await node.replica.messages.post('general', { text: '@bo and at this?' });
    const next = added((await hook('UserPromptSubmit', 'bo', told('UserPromptSubmit'))).stdout);
    expect(next).toContain('@bo and at this?');
    expect(next).not.toContain('can you look');
    expect(next).toContain('2 operations of others unread');
    // Another session was told nothing yet, and one that starts is told all.
    expect(
      added((await hook('PostToolUse', 'bo', { ...told('PostToolUse'), session_id: 'two' })).stdout),
    ).toContain('can you look');
    expect(added((await hook('SessionStart', 'bo', told('SessionStart'))).stdout)).toContain('can you look');
    // Without the words of a tool: as text.
    expect((await hook('PostToolUse', 'bo')).stdout).toMatch(/^coterie: 2 items in your inbox:\n/);
    expect((await bo.inbox()).open).toBe(2);
  });

  it('at the end of a turn speak to the person, or have the agent go on, once', async () => {
    const told = { hook_event_name: 'Stop', stop_hook_active: false };
    await node.replica.messages.post('general', { text: '@cleo please answer' });
    await node.replica.as('cleo').messages.post('dev', { text: 'I am here.' });
    const spoken = JSON.parse((await hook('Stop', 'cleo', told)).stdout);
    expect(Object.keys(spoken)).toEqual(['systemMessage']);
    const on = JSON.parse((await hook('Stop', 'cleo', told, '--go-on')).stdout);
    expect(on).toEqual({ decision: 'block', reason: spoken.systemMessage });
    const again = await hook('Stop', 'cleo', { ...told, stop_hook_active: true }, '--go-on');
    expect(Object.keys(JSON.parse(again.stdout))).toEqual(['systemMessage']);
  });

  it('name the event back as the tool calls it', async () => {
    await node.replica.messages.post('general', { text: '@dan please answer' });
    await node.replica.as('dan').messages.post('dev', { text: 'I am here.' });
    const { stdout } = await hook('UserPromptSubmit', 'dan', { hook_event_name: 'BeforeAgent' });
    expect(JSON.parse(stdout)).toMatchObject({ hookSpecificOutput: { hookEventName: 'BeforeAgent' } });
  });

  it('end with 0 and without a word when no node runs, and make nothing', async () => {
    const other = home();
    for (const event of ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop'])
      expect(await other.run(['hook', event])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await other.run(['hook', 'Stop', '--url', 'http://127.0.0.1:1'])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('end with 0 though used wrongly, for another code stops an agent', async () => {
    expect((await here.run(['hook', 'PreCompact'])).code).toBe(0);
    expect((await here.run(['hook', 'Stop', '--bogus'])).code).toBe(0);
    expect((await here.run(['hook', 'precommit'])).code).toBe(2);
  });

  it('end though the node never answers and stdin is never closed', async () => {
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      mute.closeAllConnections();
      mute.close();
    });
    const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const child = here.open(['hook', 'Stop', '--url', url], { env: { COTERIE_TOKEN: 'x'.repeat(43) } });
    expect(await ended(child)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startFake, type TestNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startFake();
});
afterAll(() => node.close());

const errorOf = (answer: { body: unknown }): { code: string; message: string; legal?: string[] } =>
  (answer.body as { error: { code: string; message: string; legal?: string[] } }).error;

describe('who may ask', () => {
  const port = (): number => node.port;
  const hosts: [string, boolean][] = [
    ['127.0.0.1:PORT', true],
    ['localhost:PORT', true],
    ['LOCALHOST:PORT', true],
    ['[::1]:PORT', true],
    ['127.0.0.1', false],
    ['127.0.0.1:1', false],
    ['localhost.evil.example:PORT', false],
    ['evil.example:PORT', false],
    ['evil.example', false],
    ['127.0.0.1:PORT.evil.example', false],
    ['user@127.0.0.1:PORT', false],
    ['0.0.0.0:PORT', false],
    ['2130706433:PORT', false],
    ['127.0.0.1:PORT, evil.example', false],
  ];
  for (const [template, allowed] of hosts)
    it(`Host ${template} is ${allowed ? 'one' : 'none'} of ours`, async () => {
      const host = template.replace('PORT', String(port()));
      for (const path of ['/', '/healthz', '/v1/channels', '/nowhere']) {
        const answer = await ask(node.url + path, { token: node.token, headers: { host } });
        if (allowed) expect(answer.status).toBe(path === '/nowhere' ? 404 : 200);
        else {
          expect(answer.status).toBe(403);
          expect(errorOf(answer).code).toBe('bad_host');
        }
      }
    });

  const origins: [string, boolean][] = [
    ['http://127.0.0.1:PORT', true],
    ['http://localhost:PORT', true],
    ['https://127.0.0.1:PORT', false],
    ['http://127.0.0.1:1', false],
    ['http://evil.example', false],
    ['null', false],
    ['', false],
  ];
  for (const [template, allowed] of origins)
    it(`Origin ${template} is ${allowed ? 'one' : 'none'} of ours`, async () => {
      const origin = template.replace('PORT', String(port()));
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const answer = await ask(`${node.url}/v1/channels`, {
          method,
          token: node.token,
          headers: { origin },
        });
        if (allowed) expect(answer.status).not.toBe(403);
        else expect(errorOf(answer).code).toBe('bad_host');
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    });

  it('refuses two Host headers and none', async () => {
    const own = `Host: 127.0.0.1:${port()}\r\n`;
    for (const head of ['', 'Host:\r\n', `${own}Host: evil.example\r\n`, `Host: evil.example\r\n${own}`])
      expect(await raw(`GET /healthz HTTP/1.1\r\n${head}\r\n`)).toMatch(/^HTTP\/1.1 403 .*"bad_host"/s);
    expect(await raw(`GET http://evil.example/healthz HTTP/1.1\r\n${own}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('answers nonsense, and an upgrade, in the one shape', async () => {
    for (const text of [
      'hello\r\n\r\n',
      `GET /v1/other HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ])
      expect(await raw(text)).toMatch(/^HTTP\/1.1 400 .*"code":"invalid"/s);
    const long = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await raw(long)).toMatch(/^HTTP\/1.1 413 .*"too_large"/s);
  });

  async function raw(text: string): Promise<string> {
    const socket = connect(port(), '127.0.0.1');
    let said = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      said += chunk;
    });
    socket.end(text);
    await once(socket, 'close');
    return said;
  }
});

describe('what needs no token', () => {
  it('tells nothing but names and numbers, in a page that runs no script but its own', async () => {
    const page = await ask(`${node.url}/status`);
    expect(page.text).toContain('Team &#60;one&#62;');
    expect(page.text).toContain('#general');
    expect(page.text).not.toMatch(/<img|javascript:| on[a-z]+=/);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    const { createHash } = await import('node:crypto');
    const style = /<style>(.*)<\/style>/s.exec(page.text)?.[1] ?? '';
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    const scripts = [...page.text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text = '']) => text);
    expect(scripts).toHaveLength(1);
    expect(policy).toContain(
      `'sha256-${createHash('sha256')
        .update(scripts[0] ?? '')
        .digest('base64')}'`,
    );
    expect(policy).not.toContain('unsafe');
  });

  it('serves the dashboard, whose files hold nothing of the workspace and no script in themselves', async () => {
    const page = await ask(node.url);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('Team');
    expect(page.text).not.toMatch(/<script(?![^>]* src=)|<style| on[a-z]+=/);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval' |https?:/);
    const [file] = /assets\/[^"]+\.js/.exec(page.text) ?? [];
    const script = await ask(`${node.url}/${file}`);
    expect(script.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect((await ask(`${node.url}/assets/none.js`)).status).toBe(404);
    expect((await ask(`${node.url}/assets/..%2findex.html`)).status).toBe(404);
  });

  it('counts', async () => {
    const { text } = await ask(`${node.url}/metrics`);
    expect(text).toMatch(
      /coterie_http_requests_total\{method="get",route="\/v1\/channels",status="200"\} \d+\n/,
    );
    expect(text).toMatch(/^coterie_operations\{state="all"\} \d+$/m);
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(#|[a-z_]+(\{.*\})? [0-9.e+-]+$)/);
  });

  it('describes every route and no other', async () => {
    const { routes } = await import('../../../relay/http/routes/index.ts');
    const { body, text } = await ask(`${node.url}/openapi.json`);
    const { openapi, paths, components } = body as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(openapi).toBe('3.1.0');
    const described = Object.entries(paths).flatMap(([path, row]) =>
      Object.keys(row).map((method) => `${method} ${path}`),
    );
    const wanted = routes
      .filter(({ path }) => path !== '/openapi.json')
      .map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toEqual(wanted.sort());
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(components.schemas).toHaveProperty(name!);
    expect(text).not.toContain('"$defs"');
    expect(components.schemas['Message']).toMatchObject({
      required: expect.arrayContaining(['id', 'base']) as unknown,
    });
  });
});

import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAuthorities, trustAlso } from '../../../relay/authorities.ts';
import type { Node } from '../../../relay/node/node.ts';
import { joinByTicket } from '../../../src/index.ts';
import { type Home, home } from '../../replica/support/open.ts';
import { type Authority, makeAuthority } from '../../support/certificate.ts';
import { shared } from '../../support/scratch.ts';
import { start } from '../node/start.ts';

function place(): string {
  const at = shared();
  onTestFinished(at.remove);
  return at.path;
}

interface Secured {
  readonly at: Home;
  readonly tls: { readonly cert: string; readonly key: string };
  /** Puts another certificate into the files. */
  certify(authority: Authority, names: readonly string[], until?: number): void;
}

function secured(authority: Authority, names: readonly string[], until?: number): Secured {
  const root = place();
  const tls = { cert: join(root, 'cert.pem'), key: join(root, 'key.pem') };
  const certify: Secured['certify'] = (by, given, end) => {
    const made = by.issue(given, end);
    writeFileSync(`${tls.key}.new`, made.key, { mode: 0o600 });
    writeFileSync(`${tls.cert}.new`, made.cert);
    renameSync(`${tls.key}.new`, tls.key);
    renameSync(`${tls.cert}.new`, tls.cert);
  };
  certify(authority, names, until);
  return { at: home(root), tls, certify };
}

const startSecured = ({ at, tls }: Secured, more: Parameters<typeof start>[1] = {}): Promise<Node> =>
  start(at, { outside: { tls }, embeddings: false, ...more });

function trust(authority: Authority): () => void {
  const stop = trustAlso([authority.cert]);
  onTestFinished(stop);
  return stop;
}

/** The serial number of the certificate that is shown at a port. */
async function shown(port: number, ca: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

async function texts(node: Node): Promise<string[]> {
  const { items } = await node.replica.messages.list('general');
  return items.map(({ text }) => text ?? '');
}

const soon = { timeout: 60_000, interval: 20 };

describe('two nodes with certificates of an authority of their own', () => {
  it('RLY-26, RLY-33: join and sync over wss, and the link outlives a renewed certificate', {
    timeout: 60_000,
  }, async () => {
    const authority = makeAuthority();
    const here = secured(authority, ['127.0.0.1']);
    const one = await startSecured(here, { certificateLook: 20 });
    expect(one.publicUrl).toBe(`https://127.0.0.1:${one.port}`);
    await one.replica.messages.post('general', { text: 'from one' });
    const { ticket } = await one.replica.invites.create({ addresses: [one.publicUrl] });
    const there = home(place());
    const joining = { directory: there.directory, config: there.config, ticket };
    await expect(joinByTicket(joining)).rejects.toMatchObject({ code: 'certificate_untrusted' });
    trust(authority);
    const joined = await joinByTicket(joining);
    const other = await start(there, { as: 'zoe', workspace: joined.file, embeddings: false });
    await expect.poll(() => texts(other), soon).toContain('from one');
    await other.replica.messages.post('general', { text: 'from the other' });
    await expect.poll(() => texts(one), soon).toContain('from the other');
    const link = async () =>
      (await other.replica.remotes.list()).items.find(({ url }) => url === one.publicUrl);
    await expect.poll(async () => (await link())?.state, soon).toBe('linked');
    const since = (await link())?.since;

    const before = await shown(one.port, authority.cert);
    here.certify(authority, ['127.0.0.1']);
    await expect.poll(() => shown(one.port, authority.cert), soon).not.toBe(before);
    await one.replica.messages.post('general', { text: 'after it was renewed' });
    await expect.poll(() => texts(other), soon).toContain('after it was renewed');
    expect(await link()).toMatchObject({ state: 'linked', since });
  });

  const refused: [string, string, (authority: Authority) => Secured][] = [
    [
      'an authority that nobody knows',
      'certificate_untrusted',
      () => secured(makeAuthority('somebody else'), ['127.0.0.1']),
    ],
    // The same name, another key: it is the key that counts.
    [
      'another authority of the same name',
      'certificate_untrusted',
      () => secured(makeAuthority(), ['127.0.0.1']),
    ],
    ['another name', 'certificate_name', (authority) => secured(authority, ['relay.example'])],
    ['a time that is over', 'certificate_over', (authority) => secured(authority, ['127.0.0.1'], 2021)],
  ];
  for (const [what, code, make] of refused)
    it(`RLY-33: of a certificate of ${what} a remote is refused as ${code}, and so is the link`, async () => {
      const authority = makeAuthority();
      trust(authority);
      const one = await startSecured(make(authority));
      const url = `https://127.0.0.1:${one.port}`;
      const other = await start(home(place()), { embeddings: false, upstreams: [url] });
      await other.replica.messages.post('general', { text: 'mine' });
      await expect(other.replica.remotes.add({ url })).rejects.toMatchObject({ code });
      await expect
        .poll(async () => (await other.replica.remotes.list()).items[0], soon)
        .toMatchObject({ url, trouble: { code } });
    });
});

describe('a file of authorities', () => {
  it('RLY-33: holds certificates as PEM, one or several; anything else is refused by name', () => {
    const [one, other] = [makeAuthority().cert, makeAuthority().cert];
    const file = (text: string): string => {
      const path = join(place(), 'ca.pem');
      writeFileSync(path, text);
      return path;
    };
    expect(readAuthorities(file(`# ours\n${one}${other}`))).toHaveLength(2);
    const broken = one.replace(/\n(.{8})/, '\nAAAAAAAA');
    for (const text of ['', 'nothing', makeAuthority().issue(['a']).key, broken])
      expect(() => readAuthorities(file(text))).toThrow(
        expect.objectContaining({ code: 'tls_unusable' }) as Error,
      );
    expect(() => readAuthorities(join(place(), 'nowhere'))).toThrow(/ENOENT/);
  });
});

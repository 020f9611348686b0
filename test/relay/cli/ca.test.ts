import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { ErrorAnswer, Status } from '../../../schemas/index.ts';
import { makeAuthority } from '../../support/certificate.ts';
import { nodeIn } from '../../support/node.ts';
import { scratch } from '../../support/scratch.ts';
import { home } from './support.ts';

it('RLY-33: --ca FILE and COTERIE_CA let the command line talk to a node whose authority is its own', async () => {
  const root = scratch();
  const authority = makeAuthority();
  const made = authority.issue(['127.0.0.1']);
  const [cert, key, ca] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(ca, authority.cert);
  const { node } = await nodeIn(root, { outside: { tls: { cert, key } } });
  onTestFinished(() => node.close());
  const at = home();
  const ask = (argv: readonly string[], env: Record<string, string> = {}) =>
    at.run(['status', '--url', node.publicUrl, '--json', ...argv], {
      env: { COTERIE_TOKEN: tokenOf(node.directory, 'kai'), ...env },
    });
  const [none, flag, variable, nowhere] = await Promise.all([
    ask([]),
    ask(['--ca', ca]),
    ask([], { COTERIE_CA: ca }),
    ask(['--ca', join(root, 'nowhere.pem')]),
  ]);
  const code = ({ stdout }: typeof none): string => ErrorAnswer.parse(JSON.parse(stdout)).error.code;
  expect([none.code, code(none)]).toEqual([6, 'certificate_untrusted']);
  expect([nowhere.code, code(nowhere)]).toEqual([1, 'tls_unusable']);
  for (const one of [flag, variable])
    expect(Status.parse(JSON.parse(one.stdout)).workspace.id).toBe(node.replica.workspace.id);
});

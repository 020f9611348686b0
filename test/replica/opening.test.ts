import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openReplica } from '../../src/replica/open.ts';
import { runChild } from '../support/kill.ts';
import { scratch } from '../support/scratch.ts';
import { healthy, home, open, refused } from './support/open.ts';

describe('opening', () => {
  it('STO-12 a directory that is open is refused, with who has it', async () => {
    const at = home();
    const kai = await open(at);
    const error = await refused(
      openReplica({ directory: at.directory, config: at.config, as: 'rin' }),
      'directory_locked',
    );
    expect(error.message).toContain(String(process.pid));
    const script = join(at.root, 'other.mjs');
    const entry = new URL('../../dist/src/replica/open.js', import.meta.url).href;
    writeFileSync(
      script,
      `import { openReplica } from ${JSON.stringify(entry)};
      await openReplica({ directory: ${JSON.stringify(at.directory)}, config: ${JSON.stringify(at.config)}, as: 'rin' })
        .then(() => console.log('open'), (error) => console.log(error.code + ' ' + error.message));
      process.exit(0);`,
    );
    const { lines } = await runChild(script, []);
    expect(lines[0]).toMatch(/^directory_locked /);
    expect(lines[0]).toContain(String(process.pid));
    await kai.messages.post('general', { text: 'still mine' });
    await kai.close();
    await open(at, { as: 'rin' });
  });

  it('STO-13 a directory of a newer format is refused and left as it is', async () => {
    const at = home();
    const kai = await open(at);
    const { id } = await kai.messages.post('general', { text: 'kept' });
    await kai.close();
    const path = join(at.directory, 'coterie.json');
    const text = readFileSync(path, 'utf8');
    const newer = JSON.stringify({ format: JSON.parse(text.split('\n')[0] ?? '').format + 1 });
    writeFileSync(path, `${newer}\n${crc32(newer).toString(16).padStart(8, '0')}\n`);
    await refused(openReplica({ directory: at.directory, config: at.config, as: 'kai' }), 'directory_newer');
    writeFileSync(path, text);
    expect((await (await open(at)).messages.get(id)).text).toBe('kept');
  });

  it('REP-24 three fresh directories opened at once by one user share one workspace', async () => {
    const root = scratch();
    const opened = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        open({ root, directory: join(root, name), config: join(root, 'config') }, { as: name }),
      ),
    );
    expect(new Set(opened.map(({ workspace }) => workspace.id)).size).toBe(1);
    expect(new Set(opened.map(({ id }) => id)).size).toBe(3);
    expect(
      new Set(await Promise.all(opened.map(async (one) => (await one.channels.get('general')).id))).size,
    ).toBe(1);
    for (const one of opened) await healthy(one);
    const apart = await open();
    expect(apart.workspace.id).not.toBe(opened[0]?.workspace.id);
  });

  it('REP-24 keeps workspace, key and member over openings, whatever the configuration says later', async () => {
    const at = home();
    const kai = await open(at, { workspace: 'team' });
    const { id } = await kai.messages.post('general', { text: 'x' });
    const was = { id: kai.id, workspace: kai.workspace, member: kai.member };
    expect(was.workspace.name).toBe('team');
    await kai.close();
    const again = await open({ ...at, config: join(at.root, 'elsewhere') });
    expect({ id: again.id, workspace: again.workspace, member: again.member }).toEqual(was);
    expect((await again.messages.get(id)).author.id).toBe(was.member.id);
  });

  it('refuses a handle that is none, and makes nothing', async () => {
    const at = home();
    for (const as of ['', 'Kai', 'a b', '-a', 'a..b', 'x'.repeat(33), 'käi', '@kai'])
      await refused(openReplica({ directory: at.directory, config: at.config, as }), 'invalid');
    expect(existsSync(at.directory)).toBe(false);
  });

  it('closing twice, and closing with work under way, leaves what was acknowledged', async () => {
    const at = home();
    let kai = await open(at);
    const results = Array.from({ length: 50 }, (_, i) =>
      kai.messages.post('general', { text: `${i}` }).then(
        ({ id }) => id,
        () => undefined,
      ),
    );
    await results[0];
    await Promise.all([kai.close(), kai.close()]);
    const ids = (await Promise.all(results)).filter((id) => id !== undefined);
    kai = await open(at);
    for (const id of ids) expect((await kai.messages.get(id)).id).toBe(id);
    await healthy(kai);
  });
});

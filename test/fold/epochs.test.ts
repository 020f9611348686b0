import { expect, it } from 'vitest';
import { foldMembers, safeEpochs } from '../../src/fold/index.ts';
import { memberId, team } from './membership.ts';
import { hashOf } from './random.ts';

it('FOLD-54: an admin begins a key epoch; one is safe that saw every revocation', () => {
  const t = team();
  const data = { sealed: {}, check: hashOf('secret') };
  const first = t.write('r1', 'epoch.begin', [t.last], data, { member: t.ann });
  const members = t.write('r2', 'epoch.begin', [first], data, { member: t.bob });
  const revoke = t.write(
    'r1',
    'replica.revoke',
    [first],
    { replica: hashOf('r2'), frontier: { [hashOf('r2')]: {} } },
    { member: t.ann, subject: t.genesis.hash },
  );
  const apart = t.write('r1', 'epoch.begin', [first], data, { member: t.ann });
  const before = foldMembers(memberId, t.ops.slice(0, -2));
  expect(safeEpochs(before.log.state).map(({ id }) => id)).toEqual([first.hash]);
  const after = foldMembers(memberId, t.ops);
  expect(after.verdicts.get(members.hash)?.state).toBe('rejected');
  expect(after.verdicts.get(apart.hash)?.state).toBe('counted');
  expect(after.log.state.epochs.map(({ id }) => id)).toContain(first.hash);
  const next = t.write('r1', 'epoch.begin', [revoke, apart], data, { member: t.ann });
  const last = foldMembers(memberId, t.ops).log.state;
  expect(last.epochs[0]?.id).toBe(first.hash);
  expect(safeEpochs(last).map(({ id }) => id)).toContain(next.hash);
  expect(safeEpochs(last).map(({ id }) => id)).not.toContain(first.hash);
});

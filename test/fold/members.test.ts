import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op } from '../../src/fold/index.ts';
import { folded, log, team } from './membership.ts';
import { check, hashOf, shuffled } from './random.ts';

const counted = { state: 'counted' };

describe('coming in', () => {
  it('FOLD-39: the genesis names the workspace, its owner and the first arbiter', () => {
    const { ops, genesis } = log();
    const { state } = folded(ops);
    expect(state).toMatchObject({
      workspace: genesis.hash,
      name: 'Team',
      owner: 'machine key',
      arbiter: hashOf('r1'),
      heads: [genesis.hash],
    });
    expect(folded([]).state.workspace).toBe('');
  });

  it('FOLD-40: a replica is admitted by the owner’s seed, or by an invite’s with the countersignature in time', () => {
    const t = team();
    const invite = t.write(
      'r1',
      'invite.create',
      [t.last],
      { seed: 'ticket', role: 'member', expires: 500, uses: 1, countersigner: hashOf('r1') },
      { member: t.ann },
    );
    const countersign = { replica: hashOf('r1'), at: 400, sig: '' };
    const ticket = { seed: 'ticket', invite: invite.hash, countersign };
    const good = t.admit('r5', [invite], ticket);
    const late = t.admit('r6', [invite], { ...ticket, countersign: { ...countersign, at: 501 } });
    const other = t.admit('r7', [invite], {
      ...ticket,
      countersign: { ...countersign, replica: hashOf('r2') },
    });
    const unseen = t.admit('r8', [t.last], ticket);
    const stranger = t.admit('r9', [invite], { seed: 'own' });
    const { state, verdict } = folded(t.ops);
    expect(verdict(good)).toEqual(counted);
    for (const op of [late, other, unseen, stranger])
      expect(verdict(op)).toMatchObject({ reason: 'permission' });
    expect([...state.replicas.keys()].sort()).toEqual(['r1', 'r2', 'r5'].map(hashOf).sort());
    expect(state.replicas.get(hashOf('r5'))).toMatchObject({
      key: 'r5 key',
      seed: 'ticket',
      admitted: good.hash,
    });
  });

  it('FOLD-40: an admission that saw its countersigner revoked does not count, in any order of arrival', () => {
    const t = team();
    const invite = t.write(
      'r1',
      'invite.create',
      [t.last],
      { seed: 'ticket', role: 'member', expires: 500, uses: 5, countersigner: hashOf('r2') },
      { member: t.ann },
    );
    const ticket = {
      seed: 'ticket',
      invite: invite.hash,
      countersign: { replica: hashOf('r2'), at: 400, sig: '' },
    };
    const before = t.admit('r5', [invite], ticket);
    const revoke = t.write(
      'r1',
      'replica.revoke',
      [before],
      { replica: hashOf('r2'), frontier: { [hashOf('r2')]: { members: [t.last.hash] } } },
      { member: t.ann },
    );
    const apart = t.admit('r6', [invite], ticket);
    const after = t.admit('r7', [revoke], ticket);
    check(
      fc.property(fc.integer(), (seed) => {
        const { state, verdict } = folded(shuffled(t.ops, seed));
        for (const op of [before, revoke, apart]) expect(verdict(op)).toEqual(counted);
        expect(verdict(after)).toMatchObject({ state: 'rejected', reason: 'permission' });
        expect(state.replicas.has(hashOf('r7'))).toBe(false);
      }),
    );
  });

  it('FOLD-41: one handle on one machine is one member, hosted by each replica that wrote its creation', () => {
    const t = team();
    const again = t.create('r2', 'ann', [t.last]);
    const { state, verdict } = folded(t.ops);
    expect(verdict(again)).toEqual(counted);
    expect(state.members.get(t.ann)?.replicas).toEqual([hashOf('r1'), hashOf('r2')]);
    expect(state.members.size).toBe(2);
  });

  it('FOLD-42: a replica makes members only of the machine that admitted it, with at most the role its seed gives', () => {
    const t = team();
    const invite = t.write(
      'r1',
      'invite.create',
      [t.last],
      { seed: 'ticket', role: 'reader', expires: 500, uses: 1, countersigner: hashOf('r1') },
      { member: t.ann },
    );
    const countersign = { replica: hashOf('r1'), at: 1, sig: '' };
    const r5 = t.admit('r5', [invite], { seed: 'ticket', invite: invite.hash, countersign });
    const thief = t.create('r5', 'ann', [r5]);
    const guest = t.create('r5', 'guest', [r5], { machine: 'ticket', role: 'admin' });
    const admin = t.create('r1', 'boss', [guest], { role: 'admin' });
    const stranger = t.create('r9', 'eve', [guest]);
    const { state, verdict } = folded(t.ops);
    expect([thief, stranger].map((op) => verdict(op)?.state)).toEqual(['rejected', 'rejected']);
    expect([guest, admin].map(verdict)).toEqual([counted, counted]);
    const role = (handle: string, machine?: string) => state.members.get(t.id(handle, machine))?.role;
    expect([role('ann'), role('bob'), role('guest', 'ticket'), role('boss')]).toEqual([
      'owner',
      'member',
      'reader',
      'admin',
    ]);
  });

  it('FOLD-43: an author of history is a reader whom nobody speaks for; the same handle may stand twice', () => {
    const t = team();
    const spoken = { member: t.ann, imported: { at: 1, source: 'slack:U1' } };
    const old = t.write('r1', 'member.create', [t.last], { handle: 'bob', kind: 'human' }, spoken);
    const none = t.write('r1', 'member.create', [old], { handle: 'x', kind: 'human' }, { member: t.ann });
    const { state, verdict } = folded(t.ops);
    expect(verdict(none)).toMatchObject({ reason: 'schema' });
    expect(state.members.get(old.hash)).toMatchObject({
      id: old.hash,
      role: 'reader',
      replicas: [],
      imported: true,
      source: 'slack:U1',
      kind: 'human',
    });
    expect([...state.members.values()].filter(({ handle }) => handle[0]?.value === 'bob').length).toBe(2);
  });
});

describe('changes', () => {
  it('FOLD-44: a member changes itself, an admin others; names written apart stay as siblings', () => {
    const t = team();
    const own = t.write(
      'r2',
      'member.update',
      [t.last],
      { handle: 'rob' },
      { member: t.bob, subject: t.bob },
    );
    const admins = t.write(
      'r1',
      'member.update',
      [t.last],
      { handle: 'bobby' },
      { member: t.ann, subject: t.bob, body: true },
    );
    const others = t.write(
      'r2',
      'member.update',
      [t.last],
      { handle: 'x' },
      { member: t.bob, subject: t.ann },
    );
    const spoofed = t.write(
      'r2',
      'member.update',
      [t.last],
      { handle: 'x' },
      { member: t.ann, subject: t.ann },
    );
    const { state, verdict } = folded(t.ops);
    expect([own, admins].map(verdict)).toEqual([counted, counted]);
    for (const op of [others, spoofed]) expect(verdict(op)).toMatchObject({ reason: 'permission' });
    expect(state.members.get(t.bob)?.handle.map(({ value }) => value)).toEqual(['bobby', 'rob']);
    expect(state.members.get(t.bob)?.name[0]?.value).toBe(admins.hash);
  });

  it('FOLD-45: admins grant roles, only an owner makes an owner', () => {
    const t = team();
    const admin = t.write('r1', 'role.grant', [t.last], { role: 'admin' }, { member: t.ann, subject: t.bob });
    const owner = t.write('r2', 'role.grant', [admin], { role: 'owner' }, { member: t.bob, subject: t.bob });
    const early = t.write('r2', 'role.grant', [t.last], { role: 'admin' }, { member: t.bob, subject: t.bob });
    const { state, verdict } = folded(t.ops);
    expect(verdict(admin)).toEqual(counted);
    for (const op of [owner, early]) expect(verdict(op)).toMatchObject({ reason: 'permission' });
    expect(state.members.get(t.bob)?.role).toBe('admin');
  });

  it('FOLD-46: what a demoted admin did beyond the frontier, and what rests on it, does not count', () => {
    const t = team();
    const admin = t.write('r1', 'role.grant', [t.last], { role: 'admin' }, { member: t.ann, subject: t.bob });
    const cy = t.create('r2', 'cy', [admin]);
    const before = t.write(
      'r2',
      'role.grant',
      [cy],
      { role: 'admin' },
      { member: t.bob, subject: t.id('cy') },
    );
    const dee = t.create('r2', 'dee', [before]);
    const beyond = t.write(
      'r2',
      'role.grant',
      [dee],
      { role: 'admin' },
      { member: t.bob, subject: t.id('dee') },
    );
    const rests = t.write(
      'r2',
      'role.grant',
      [beyond],
      { role: 'admin' },
      { member: t.id('dee'), subject: t.id('dee') },
    );
    expect(folded(t.ops).verdict(beyond)).toEqual(counted);
    const demote = t.write(
      'r1',
      'role.demote',
      [dee],
      { role: 'member', frontier: { [hashOf('r2')]: { members: [before.hash] } } },
      { member: t.ann, subject: t.bob },
    );
    const { state, verdict } = folded(t.ops);
    expect([demote, before].map(verdict)).toEqual([counted, counted]);
    for (const op of [beyond, rests]) expect(verdict(op)?.state).toBe('rejected');
    expect(state.members.get(t.bob)?.role).toBe('member');
    expect(state.members.get(t.id('cy'))?.role).toBe('admin');
    expect(state.members.get(t.id('dee'))?.role).toBe('member');
  });

  it('FOLD-47: narrowings made apart all apply', () => {
    const t = team();
    const grant = (handle: string, after: Op): Op =>
      t.write('r1', 'role.grant', [after], { role: 'admin' }, { member: t.ann, subject: t.id(handle) });
    const bob = grant('bob', t.last);
    const cy = t.create('r1', 'cy', [bob]);
    const both = grant('cy', cy);
    const one = t.write(
      'r2',
      'role.demote',
      [both],
      { role: 'member', frontier: {} },
      { member: t.bob, subject: t.id('cy') },
    );
    const two = t.write(
      'r1',
      'role.demote',
      [both],
      { role: 'reader', frontier: {} },
      { member: t.id('cy'), subject: t.bob },
    );
    const { state, verdict } = folded(t.ops);
    expect([one, two].map(verdict)).toEqual([counted, counted]);
    expect([state.members.get(t.bob)?.role, state.members.get(t.id('cy'))?.role]).toEqual([
      'reader',
      'member',
    ]);
    expect(state.frontiers.map(({ op }) => op).sort()).toEqual([one.hash, two.hash].sort());
  });

  it('FOLD-48: what was unbound or revoked does not come back by the same seed', () => {
    const t = team();
    const unbind = t.write(
      'r1',
      'replica.unbind',
      [t.last],
      { replica: hashOf('r2'), frontier: {} },
      { member: t.ann, subject: t.bob },
    );
    const back = t.create('r2', 'bob', [unbind]);
    const revoke = t.write(
      'r1',
      'replica.revoke',
      [back],
      { replica: hashOf('r2'), frontier: { [hashOf('r2')]: { members: [t.last.hash] } } },
      { member: t.ann },
    );
    const again = t.admit('r2', [revoke]);
    const apart = t.create('r2', 'bob', [t.last]);
    const { state, verdict } = folded(t.ops);
    expect([unbind, revoke].map(verdict)).toEqual([counted, counted]);
    for (const op of [back, again, apart]) expect(verdict(op)?.state).toBe('rejected');
    expect(state.members.get(t.bob)?.replicas).toEqual([]);
  });

  it('FOLD-49: the arbiter hands over under the next term, an admin moves it; the highest term holds', () => {
    const t = team();
    const hand = t.write('r1', 'arbiter.handover', [t.last], { to: hashOf('r2'), term: 2, grants: [] });
    const stolen = t.write('r1', 'arbiter.handover', [hand], { to: hashOf('r1'), term: 3, grants: [] });
    const move = t.write(
      'r1',
      'arbiter.move',
      [hand],
      { to: hashOf('r3'), term: 3, frontier: {} },
      { member: t.ann },
    );
    const far = { to: hashOf('r1'), term: 9, frontier: {} };
    const skipped = [
      t.write('r2', 'arbiter.handover', [hand], { to: hashOf('r1'), term: 5, grants: [] }),
      t.write('r1', 'arbiter.move', [hand], far, { member: t.ann }),
    ];
    const { state, verdict } = folded(t.ops);
    expect([hand, move].map(verdict)).toEqual([counted, counted]);
    expect(verdict(stolen)).toMatchObject({ reason: 'permission' });
    for (const op of skipped) expect(verdict(op)).toMatchObject({ reason: 'illegal_move' });
    expect(state.arbiter).toBe(hashOf('r3'));
  });
});

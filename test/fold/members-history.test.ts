import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMembers, foldMembers, type MembersState, type Op } from '../../src/fold/index.ts';
import { folded, memberId, membersHistories, playMembers } from './membership.ts';
import { check, shuffled } from './random.ts';

const narrowings = ['replica.revoke', 'replica.unbind', 'role.demote', 'invite.revoke', 'arbiter.move'];
const plain = (state: MembersState) =>
  JSON.parse(
    JSON.stringify({
      ...state,
      replicas: [...state.replicas],
      members: [...state.members],
      invites: [...state.invites],
    }),
  );

describe('any history', () => {
  it('FOLD-35: any order of arrival, with repeats, gives the same members and verdicts', () => {
    check(
      fc.property(membersHistories(), fc.nat(), (history, seed) => {
        const { ops } = playMembers(history);
        const one = foldMembers(memberId, ops);
        const two = foldMembers(memberId, shuffled([...ops, ...ops.slice(3, 9)], seed));
        expect(plain(two.log.state)).toEqual(plain(one.log.state));
        expect(two.verdicts).toEqual(one.verdicts);
      }),
      400,
    );
  });

  it('FOLD-36: one more operation gives what the whole fold gives, or asks for it', () => {
    check(
      fc.property(membersHistories(), (history) => {
        const { ops } = playMembers(history);
        let members = createMembers(memberId);
        for (const [index, op] of ops.entries()) {
          const whole = foldMembers(memberId, ops.slice(0, index + 1));
          const verdict = members.add(op);
          const isLast = ops.slice(0, index).every(({ header }) => header.stamp < op.header.stamp);
          if (isLast && !narrowings.includes(op.header.type)) expect(verdict).not.toBe('refold');
          if (verdict === 'refold') members = whole.log;
          else expect(verdict).toEqual(whole.verdicts.get(op.hash));
          expect(plain(members.state)).toEqual(plain(whole.log.state));
        }
      }),
      100,
    );
  });

  it('FOLD-37: a narrowing is judged by what it saw alone; without narrowings so is everything', () => {
    check(
      fc.property(membersHistories(), fc.boolean(), (history, without) => {
        const world = playMembers(history);
        const left = without ? world.ops.filter((op) => !narrowings.includes(op.header.type)) : world.ops;
        const { verdicts } = foldMembers(memberId, left);
        for (const op of left) {
          if (!without && !narrowings.includes(op.header.type)) continue;
          const past = world.past(op).filter((one) => left.includes(one));
          // Without what was taken out, some pasts are no longer told by `after`: those say nothing.
          if (without && past.length !== world.past(op).length) continue;
          expect(foldMembers(memberId, [...past, op]).verdicts.get(op.hash)).toEqual(verdicts.get(op.hash));
        }
      }),
      60,
    );
  });

  it('FOLD-38: nobody but an owner, or itself, takes the role of an owner away', () => {
    check(
      fc.property(membersHistories(), (history) => {
        const world = playMembers(history);
        const { state, verdict } = folded(world.ops);
        for (const op of world.ops) {
          if (op.header.type !== 'role.demote' || verdict(op)?.state !== 'counted') continue;
          const before = folded(world.past(op)).state.members;
          const { subject, member = '' } = op.header;
          if (before.get(subject)?.role === 'owner' && subject !== member)
            expect(before.get(member)?.role).toBe('owner');
        }
        for (const member of state.members.values())
          expect(member.hosts.length === 0).toBe(member.imported && !bound(world.ops, member.id));
      }),
      100,
    );
  });
});

const bound = (ops: readonly Op[], id: string): boolean =>
  ops.some((op) => op.header.type === 'replica.bind' && op.header.subject === id);

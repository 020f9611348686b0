import { beforeAll, describe, expect, it } from 'vitest';
import { type Role, roles } from '../../../schemas/index.ts';
import { generateSeed, signerFromSeed } from '../../../src/keys/node.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import type { Hand, Made } from '../../replica/sync/hand.ts';
import { type At, nodeAt } from './at.ts';

/** Who speaks: a member of a role, an author of history, or a replica that was revoked. */
const speakers = [...roles, 'author', 'revoked'] as const;
type Speaker = (typeof speakers)[number];

type Proposal = Parameters<Hand['make']>[0];

interface About {
  readonly member: string;
  readonly channel: string;
  readonly workspace: string;
  /** A replica, and a member, that it is done to. */
  readonly replica: string;
  readonly other: string;
  readonly message: string;
  readonly task: string;
  readonly fresh: string;
  /** The next term of the arbiter. */
  readonly term: number;
}

type Signed = readonly [does: string, may: Role | 'nobody', make: (about: About) => Proposal];

/** What a replica may sign for a member, in each kind of log; the same policy as at the doors. */
const policy: readonly Signed[] = [
  [
    'its mark',
    'reader',
    ({ member }) => ({
      log: `marks.${member}`,
      type: 'mark.set',
      subject: member,
      data: { whole: true, vector: {} },
    }),
  ],
  [
    'the mark of another',
    'nobody',
    ({ other }) => ({
      log: `marks.${other}`,
      type: 'mark.set',
      subject: other,
      data: { whole: true, vector: {} },
    }),
  ],
  ['a message', 'member', ({ channel }) => ({ log: channel, type: 'message.create', body: { text: 'x' } })],
  [
    'an edit of what another said',
    'nobody',
    ({ channel, message }) => ({
      log: channel,
      type: 'message.edit',
      subject: message,
      after: [message],
      body: { text: 'y' },
    }),
  ],
  [
    'a reaction',
    'member',
    ({ channel, message }) => ({
      log: channel,
      type: 'message.react',
      subject: message,
      after: [message],
      data: { emoji: '+1' },
    }),
  ],
  [
    'a removal of what another said',
    'admin',
    ({ channel, message }) => ({
      log: channel,
      type: 'redact',
      subject: message,
      after: [message],
      data: {},
    }),
  ],
  [
    'a channel',
    'member',
    ({ fresh }) => ({ log: 'channels', type: 'channel.create', data: { name: fresh } }),
  ],
  [
    'a comment',
    'member',
    ({ task }) => ({
      log: 'tasks',
      type: 'comment.create',
      data: { task },
      after: [task],
      body: { text: 'c' },
    }),
  ],
  [
    'a claim',
    'member',
    ({ task }) => ({
      log: 'tasks',
      type: 'claim.request',
      subject: task,
      after: [task],
      data: { incarnation: 'i', need: 'tentative' },
    }),
  ],
  ['a memory', 'member', () => ({ log: 'memory', type: 'memory.create', body: { text: 'm' } })],
  [
    'a reservation',
    'member',
    ({ fresh }) => ({
      log: 'reservations',
      type: 'reservation.create',
      data: { until: 4e12, incarnation: 'i', globs: [`${fresh}/**`] },
    }),
  ],
  [
    'a group',
    'member',
    ({ fresh }) => ({ log: 'members', type: 'group.create', data: { handle: fresh, members: [] } }),
  ],
  [
    'a handle for another',
    'admin',
    ({ other, fresh }) => ({
      log: 'members',
      type: 'member.update',
      subject: other,
      data: { handle: fresh },
    }),
  ],
  [
    'a grant',
    'admin',
    ({ other }) => ({ log: 'members', type: 'role.grant', subject: other, data: { role: 'member' } }),
  ],
  [
    'a grant of all',
    'owner',
    ({ other }) => ({ log: 'members', type: 'role.grant', subject: other, data: { role: 'owner' } }),
  ],
  [
    'a demotion',
    'admin',
    ({ other }) => ({
      log: 'members',
      type: 'role.demote',
      subject: other,
      data: { role: 'reader', frontier: {} },
    }),
  ],
  [
    'an unbinding of another',
    'admin',
    ({ other, replica }) => ({
      log: 'members',
      type: 'replica.unbind',
      subject: other,
      data: { replica, frontier: {} },
    }),
  ],
  [
    'a revocation',
    'admin',
    ({ workspace, replica }) => ({
      log: 'members',
      type: 'replica.revoke',
      subject: workspace,
      data: { replica, frontier: {} },
    }),
  ],
  [
    'an invitation',
    'admin',
    ({ replica }) => ({
      log: 'members',
      type: 'invite.create',
      data: {
        seed: signerFromSeed(generateSeed()).publicKey,
        role: 'member',
        expires: 4e12,
        uses: 1,
        countersigner: replica,
      },
    }),
  ],
  [
    'a move of the arbiter',
    'admin',
    ({ workspace, replica, term }) => ({
      log: 'members',
      type: 'arbiter.move',
      subject: workspace,
      data: { to: replica, term, frontier: {} },
    }),
  ],
];

const wantedOf = (may: Signed[1], speaker: Speaker): 'counted' | 'rejected' => {
  const role = (roles as readonly Speaker[]).indexOf(speaker);
  return may !== 'nobody' && role >= 0 && role >= roles.indexOf(may) ? 'counted' : 'rejected';
};

let names = 0;
const name = (kind: string): string => `${kind}${++names}`;

const ends: (() => void | Promise<void>)[] = [];

describe('operations that a replica signs', () => {
  let at: At;
  beforeAll(async () => {
    at = await nodeAt((end) => void ends.push(end));
    return async () => {
      for (const end of ends.reverse()) await end();
    };
  });

  const base = async (): Promise<string[]> => [...(await at.node.replica.members.get('kai')).base];

  /** A replica, and the member that it speaks for. */
  async function speakerOf(speaker: Speaker): Promise<{ by: Hand; member: string }> {
    const handle = name(speaker);
    const by = await at.admit(handle);
    const own = by.member(handle);
    if (speaker === 'revoked') await at.node.replica.replicas.revoke(by.id);
    if (speaker === 'reader' || speaker === 'admin' || speaker === 'owner')
      await at.node.replica.members.grant(own, { role: speaker });
    if (speaker !== 'author') return { by, member: own };
    const author = await by.make({
      log: 'members',
      type: 'member.create',
      member: own,
      after: await base(),
      data: { handle: 'zed', kind: 'human' },
      change: (header) => ({ ...header, imported: { source: 'slack', id: name('z'), author: 'zed', at: 1 } }),
    });
    await at.take(author);
    return { by, member: author.hash };
  }

  async function verdictOn({ hash, key, entry }: Made, log: string): Promise<string> {
    const { replica } = at.node;
    const source = syncSourceOf(replica);
    const before = (await replica.status()).counts;
    const taken = await source.take(`log/${log}/1`, [[key, JSON.stringify(entry)]], 77);
    await source.idle();
    const after = (await replica.status()).counts;
    if (!taken.ok) return taken.reason;
    // What a revocation cuts is rejected too: the operation itself is asked for where that can be.
    const { subject } = entry.header;
    const found =
      subject === ''
        ? undefined
        : (await replica.history(subject)).items.find((one) => one.operation === hash);
    if (found) return found.state;
    if (after.rejected > before.rejected) return 'rejected';
    return after.waiting > before.waiting ? 'waiting' : 'counted';
  }

  it.each(speakers)('ACS-7: for the %s they count by its role, in every kind of log', async (speaker) => {
    const { replica } = at.node;
    const { by, member } = await speakerOf(speaker);
    const wrong: string[] = [];
    for (const [does, may, make] of policy) {
      const handle = name('t');
      const target = await at.admit(handle);
      const about: About = {
        member,
        channel: `channel.${(await replica.channels.get('general')).id}`,
        workspace: by.workspace,
        replica: target.id,
        other: target.member(handle),
        message: (await replica.messages.post('general', { text: 'said' })).id,
        task: (await replica.tasks.create({ title: 't' })).id,
        fresh: name('f'),
        term: (await replica.arbiter.get()).term + 1,
      };
      // Who grants the role that a member has already changes nothing.
      if (does === 'a grant') await replica.members.grant(about.other, { role: 'reader' });
      const proposal = make(about);
      const heads = proposal.log === 'members' ? { after: await base() } : { members: await base() };
      const made = await by.make({ member, ...heads, ...proposal });
      const is = await verdictOn(made, proposal.log);
      const wants = wantedOf(may, speaker);
      if (is !== wants) wrong.push(`${does}: wanted ${wants}, is ${is}`);
    }
    expect(wrong).toEqual([]);
  });
});

import type { Entry, Hash, Header, OperationState } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createWriter } from '../../../src/log/index.ts';
import { entryKey, timePart } from '../../../src/op/index.ts';
import type { Hand, Made } from '../../replica/sync/hand.ts';

/** What must become of a lie, on every replica alike: as an operation, or as what no honest replica sends. */
export type Fate = OperationState['state'] | 'refused';

/** Well-signed operations for one document, and what must become of each. */
export interface Lie {
  readonly document: string;
  /** Those of which `fate` is said. */
  readonly made: readonly Made[];
  readonly fate: Fate;
  /** What is sent, if it is another thing than what was made. */
  readonly sent?: readonly (readonly [key: Hash, entry: Entry])[];
  /** Sent as it is, as a foreign Yjs client writes it. */
  readonly update?: Uint8Array;
}

/** What a lie is about. */
export interface Scene {
  readonly hand: Hand;
  readonly draw: (below: number) => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Its own member, and what of the members log it saw. */
  readonly member: Hash;
  readonly saw: Hash[];
  /** Another member. */
  readonly other: Hash;
  /** A replica of another. */
  readonly replica: Hash;
  /** The log of a channel. */
  readonly log: string;
  /** A message of another in that log, if there is one. */
  readonly message: Hash | undefined;
  /** A task that another holds a claim on, if there is one. */
  readonly claimed: { readonly task: Hash; readonly claim: Hash } | undefined;
  /** An entry that others hold, its document, and a client that wrote there. */
  readonly held:
    | { readonly document: string; readonly key: Hash; readonly entry: Entry; readonly client: number }
    | undefined;
}

type Teller = (scene: Scene) => Promise<Lie | undefined>;
type Change = (header: Header, scene: Scene) => Header;

const nothing: Hash[] = ['a'.repeat(26), 'e'.repeat(26), 'i'.repeat(26)];
const year = 31_536_000_000;

const saying = ({ hand, log, member }: Scene, text: string, change?: (header: Header) => Header) =>
  hand.make({
    log,
    type: 'message.create',
    member,
    body: { text },
    ...(change ? { change } : {}),
  });

/** A message whose header lies. */
const header =
  (fate: Fate, change: Change): Teller =>
  async (scene) => ({
    document: `log/${scene.log}/1`,
    made: [await saying(scene, 'a header that lies', (one) => change(one, scene))],
    fate,
  });

/** Something in the members log, of what its member saw of it. */
const membership =
  (type: string, on: (scene: Scene) => { subject: Hash; data: Record<string, unknown> }): Teller =>
  async (scene) => {
    const made = await scene.hand.make({
      log: 'members',
      type,
      member: scene.member,
      after: scene.saw,
      ...on(scene),
    });
    return { document: 'log/members/1', made: [made], fate: 'rejected' };
  };

/** Something about another's message. */
const onMessage =
  (type: string, more: (scene: Scene) => Parameters<Hand['make']>[0] | Record<string, unknown>): Teller =>
  async (scene) => {
    const { hand, log, member, message } = scene;
    if (message === undefined) return undefined;
    const given = { log, type, member, subject: message, after: [message], ...more(scene) };
    return { document: `log/${log}/1`, made: [await hand.make(given)], fate: 'rejected' };
  };

/** A message that is sent as another entry than was made. */
const sent =
  (fate: Fate, change: (made: Made) => Entry): Teller =>
  async (scene) => {
    const made = await saying(scene, 'an entry that lies');
    return { document: `log/${scene.log}/1`, made: [made], fate, sent: [[made.key, change(made)]] };
  };

const stampAt = (stamp: string, ms: number): string => timePart(ms) + stamp.slice(10);

export const lies: Readonly<Record<string, Teller>> = {
  'a hole in seq': header('counted', (one, { draw }) => ({
    ...one,
    seq: draw(3) === 0 ? Number.MAX_SAFE_INTEGER - draw(2) : one.seq + 2 + draw(1e6),
    prev: one.prev || (nothing[0] ?? ''),
  })),
  'a prev that is not here': header('counted', (one, { draw }) => ({
    ...one,
    seq: one.seq + 1,
    prev: nothing[draw(3)] ?? '',
  })),
  'a prev of another chain': header('counted', (one, { message }) => ({
    ...one,
    seq: one.seq + 1,
    prev: message ?? nothing[0] ?? '',
  })),
  'no prev in the middle': header('rejected', (one) => ({ ...one, seq: one.seq + 1, prev: '' })),
  async 'two headers with one prev'(scene) {
    const one = await saying(scene, 'one branch');
    const { seq, prev } = one.entry.header;
    const two = await saying(scene, 'the other branch', (other) => ({ ...other, seq, prev }));
    return { document: `log/${scene.log}/1`, made: [one, two], fate: 'counted' };
  },
  async 'a far segment'(scene) {
    const n = 2 + scene.draw(scene.draw(2) === 0 ? 30 : 9_000_000);
    return { document: `log/${scene.log}/${n}`, made: [await saying(scene, 'far away')], fate: 'counted' };
  },
  async 'a segment that is none'(scene) {
    const n = ['0', '-1', '01', '1e3', '10000001', '99999999999999999999', '1/2', ''][scene.draw(8)] ?? '';
    return { document: `log/${scene.log}/${n}`, made: [await saying(scene, 'nowhere')], fate: 'refused' };
  },
  'a header for another log': header('refused', (one) => ({ ...one, log: 'tasks' })),
  'a header for another workspace': header('refused', (one) => ({ ...one, workspace: nothing[1] ?? '' })),
  'a header for no workspace': header('refused', (one) => ({ ...one, workspace: '' })),
  'a stamp of years to come': header('counted', (one, { draw }) => ({
    ...one,
    stamp: stampAt(one.stamp, Math.min(2 ** 48 - 1, 1.8e12 + year * (1 + draw(8000)))),
  })),
  'a stamp of years ago': header('counted', (one, { draw }) => ({
    ...one,
    stamp: stampAt(one.stamp, year * draw(50)),
  })),
  'after that names nothing': header('waiting', (one, { draw }) => ({
    ...one,
    after: nothing.slice(0, 1 + draw(3)),
  })),
  'nine heads': header('refused', (one) => ({
    ...one,
    after: [...'abcdefghi'].map((letter) => `${letter.repeat(25)}a`),
  })),
  'members that names nothing': header('waiting', (one, { draw }) => ({
    ...one,
    members: nothing.slice(0, 1 + draw(3)),
  })),
  'an unknown type': header('waiting', (one) => ({ ...one, type: 'message.sing' })),
  'a newer v': header('waiting', (one, { draw }) => ({ ...one, v: 2 + draw(1e9) })),
  'a field that nobody knows': header('waiting', (one) => ({ ...one, mood: 'bad' }) as Header),
  'a type of another log': header('rejected', (one) => ({ ...one, type: 'task.create' })),
  'another member': header('rejected', (one, { other }) => ({ ...one, member: other })),
  'no member': header('rejected', ({ member: _, ...one }) => one),
  'data of another shape': header('rejected', (one) => ({ ...one, data: { mentions: 'all' } })),
  'a redact without the right': onMessage('redact', ({ saw }) => ({ members: saw })),
  'a redact without members': onMessage('redact', () => ({})),
  'an edit of what another said': onMessage('message.edit', () => ({ body: { text: 'I never said so' } })),
  'a role for itself': membership('role.grant', ({ member }) => ({
    subject: member,
    data: { role: 'owner' },
  })),
  'a role taken from another': membership('role.demote', ({ other }) => ({
    subject: other,
    data: { role: 'reader', frontier: {} },
  })),
  'a replica revoked': membership('replica.revoke', ({ hand, replica }) => ({
    subject: hand.workspace,
    data: { replica, frontier: {} },
  })),
  'a member unbound': membership('replica.unbind', ({ other, replica }) => ({
    subject: other,
    data: { replica, frontier: {} },
  })),
  'the arbiter moved': membership('arbiter.move', ({ hand }) => ({
    subject: hand.workspace,
    data: { to: hand.id, term: 2, frontier: {} },
  })),
  'an invite': membership('invite.create', ({ hand }) => ({
    subject: '',
    data: { seed: hand.publicKey, role: 'owner', expires: 2e12, uses: 9, countersigner: hand.id },
  })),
  async 'an illegal move'({ hand, member }) {
    const by = { log: 'tasks', member };
    const data = { short: 'eve-1', status: 'blocked' };
    const task = await hand.make({ ...by, type: 'task.create', data, body: { title: 't' } });
    const at = { subject: task.hash, after: [task.hash] };
    const move = await hand.make({ ...by, ...at, type: 'task.move', data: { to: 'done' } });
    const sent = [task, move].map(({ key, entry }) => [key, entry] as const);
    return { document: 'log/tasks/1', made: [move], fate: 'rejected', sent };
  },
  async 'another’s claim released'({ hand, member, claimed }) {
    if (!claimed) return undefined;
    const { task, claim } = claimed;
    const by = { log: 'tasks', type: 'claim.release', member, subject: task, after: [claim] };
    return { document: 'log/tasks/1', made: [await hand.make({ ...by, data: { claim } })], fate: 'rejected' };
  },
  'a body of another': sent('refused', ({ entry }) => ({
    ...entry,
    body: { salt: 'a'.repeat(26), text: 'foreign' },
  })),
  'a text taken away': sent('waiting', ({ entry: { header: one, sig } }) => ({ header: one, sig })),
  'a redaction that is none': sent('waiting', ({ entry: { header: one, sig } }) => ({
    header: one,
    sig,
    redacted: nothing[0] ?? '',
  })),
  async 'another signature'(scene) {
    const [one, two] = [await saying(scene, 'one'), await saying(scene, 'two')];
    const { sig } = two.entry;
    const key = entryKey(nodeCrypto, one.hash, sig);
    return {
      document: `log/${scene.log}/1`,
      made: [one],
      fate: 'rejected',
      sent: [[key, { ...one.entry, sig }]],
    };
  },
  async 'an entry under another key'(scene) {
    const [one, two] = [await saying(scene, 'one'), await saying(scene, 'two')];
    return { document: `log/${scene.log}/1`, made: [], fate: 'refused', sent: [[one.key, two.entry]] };
  },
  async 'an operation in another segment'({ held, draw }) {
    if (!held) return undefined;
    const { document, key, entry } = held;
    const [, log] = document.split('/');
    return { document: `log/${log}/${2 + draw(12)}`, made: [], fate: 'counted', sent: [[key, entry]] };
  },
  async 'an operation in another log'({ held, log }) {
    if (!held || held.entry.header.log === log) return undefined;
    return { document: `log/${log}/1`, made: [], fate: 'refused', sent: [[held.key, held.entry]] };
  },
  async 'an entry at a place that is taken'({ held }) {
    if (!held) return undefined;
    const { document, key, entry, client } = held;
    const update = createWriter({ clientID: client }).encode([[key, entry]]);
    return { document, made: [], fate: 'counted', update };
  },
};

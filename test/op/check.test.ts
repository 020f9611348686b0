import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Entry, type OperationState, operationTypes } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  checkEntry,
  checkShape,
  type HeaderInput,
  logKind,
  logOwner,
  readEntry,
  selfKey,
  stripped,
  verifySignature,
} from '../../src/op/index.ts';
import { type Chain, chainFrom, channel, member, workspace } from './sample.ts';

const waiting = (kind: 'version' | 'body'): OperationState => ({ state: 'waiting', for: [{ kind }] });

const make = async (change: Partial<HeaderInput>, chain: Chain = chainFrom(1)): Promise<Entry> =>
  (await chain.make(change)).entry;

/** Words of a rejection, or the state. */
const verdict = async (change: Partial<HeaderInput>, chain?: Chain): Promise<string> => {
  const state = checkEntry(nodeCrypto, await make(change, chain));
  if (state.state !== 'rejected') return state.state;
  expect(state.reason).toBe('schema');
  return state.message;
};

describe('the form of an entry', () => {
  test('OP-13 any value at all gets an answer, and nothing but an entry passes', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withDate: true, withMap: true }), (value) => {
        expect(readEntry(nodeCrypto, value).ok).toBe(false);
        expect(checkEntry(nodeCrypto, value).state).toBe('rejected');
      }),
    );
  });

  test('OP-13 fields around the header', async () => {
    const entry = await make({});
    const bare = stripped(entry, workspace);
    for (const broken of [
      { ...entry, extra: 1 },
      { ...entry, redacted: workspace },
      { ...bare, redacted: 'x' },
      { ...bare, redacted: undefined },
      { ...entry, body: undefined },
      { ...entry, body: null },
      { ...entry, body: [] },
      { ...entry, body: { ...entry.body, text: 1 } },
      { ...entry, sig: `${entry.sig}A` },
      { ...entry, sig: undefined },
      { ...entry, header: undefined },
      { header: entry.header },
      Object.assign(Object.create({}), entry),
    ])
      expect(readEntry(nodeCrypto, broken).ok).toBe(false);
    for (const good of [entry, bare, { header: entry.header, sig: entry.sig }])
      expect(readEntry(nodeCrypto, good).ok).toBe(true);
    // A body that the header doesn't know of.
    const plain = await make({ type: 'message.pin', subject: member, body: undefined });
    expect(readEntry(nodeCrypto, plain).ok).toBe(true);
    expect(readEntry(nodeCrypto, { ...plain, body: entry.body }).ok).toBe(false);
  });

  test('OP-5 a second spelling of a signature is refused', async () => {
    const entry = await make({});
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(
      (last) => {
        const sig = entry.sig.slice(0, 85) + last;
        return Buffer.from(sig, 'base64url').equals(Buffer.from(entry.sig, 'base64url'));
      },
    );
    expect(spellings).toHaveLength(16);
    const passed = spellings.filter(
      (last) => readEntry(nodeCrypto, { ...entry, sig: entry.sig.slice(0, 85) + last }).ok,
    );
    expect(passed).toEqual([entry.sig.at(-1)]);
  });

  test('OP-19 an entry of another log or workspace is rejected', async () => {
    const entry = await make({});
    const log = `channel.${channel}`;
    expect(checkEntry(nodeCrypto, entry, { log, workspace }).state).toBe('counted');
    expect(checkEntry(nodeCrypto, entry, { log: `channel.${member}` }).state).toBe('rejected');
    expect(checkEntry(nodeCrypto, entry, { workspace: member }).state).toBe('rejected');
  });
});

describe('versions', () => {
  test('OP-14 a newer v or an unknown header field waits', async () => {
    const entry = await make({});
    const change = (header: object): OperationState => {
      const { body: _, ...rest } = entry;
      return checkEntry(nodeCrypto, { ...rest, header: { ...entry.header, ...header } });
    };
    expect(change({ v: 2 })).toEqual(waiting('version'));
    expect(change({ lane: 'fast' })).toEqual(waiting('version'));
    expect(change({ v: 7, lane: 1, type: 'huddle.start', data: { a: [1] } })).toEqual(waiting('version'));
    expect(change({ imported: { at: 1, source: 'x', more: 1 } })).toEqual(waiting('version'));
    expect(change({ v: 2, seq: 0 }).state).toBe('rejected');
    expect(change({ v: 0 }).state).toBe('rejected');
  });

  test('OP-15 an unknown type, data field or body field waits; invalid data is rejected all the same', async () => {
    expect(await verdict({ type: 'huddle.start' })).toBe('waiting');
    expect(await verdict({ type: 'constructor' })).toBe('waiting');
    expect(await verdict({ data: { mood: 'good' } })).toBe('waiting');
    expect(await verdict({ data: { references: [{ kind: 'task', id: 'x', more: 1 }] } })).toBe('waiting');
    expect(await verdict({ body: { text: 'x', html: '<p>' } })).toBe('waiting');
    expect(await verdict({ type: 'message.pin', subject: member, body: { text: 'x' } })).toBe('waiting');
    expect(await verdict({ data: { mood: 1, hops: -1 } })).toMatch(/^data\.hops: /);
    expect(await verdict({ data: { mood: 1 }, body: { text: 'x'.repeat(70_000) } })).toMatch(/^body\.text: /);
  });

  test('OP-16 data and body that break their schema are rejected', async () => {
    expect(await verdict({ data: { thread: 'short' } })).toBe('data.thread: a hash is 26 base32 characters');
    expect(await verdict({ body: undefined })).toBe('its text is missing');
    expect(await verdict({ body: { html: 'x' } })).toMatch(/^body\.text: /);
    const update = { type: 'channel.update', log: 'channels', subject: channel };
    expect(await verdict({ ...update, data: { archived: true }, body: undefined })).toBe('counted');
    expect(await verdict({ ...update, data: { name: 'No Such' }, body: undefined })).toMatch(/^data\.name: /);
  });
});

describe('rules between fields', () => {
  const pin: Partial<HeaderInput> = { type: 'message.pin', subject: member, body: undefined };

  test('OP-17 a type stands in its own logs', async () => {
    expect(await verdict({ log: 'tasks' })).toBe('message.create does not stand in the log tasks');
    for (const [name, type] of Object.entries(operationTypes)) {
      for (const log of ['members', 'channels', 'tasks', 'memory', 'reservations', `channel.${channel}`]) {
        const said = await verdict({ type: name, log, body: undefined });
        expect(said.includes('does not stand in'), `${name} in ${log}`).toBe(
          !type.logs.includes(logKind(log)),
        );
      }
    }
    expect(logKind('members')).toBe('members');
    expect(logKind(`marks.${member}`)).toBe('marks');
    expect(logOwner(`marks.${member}`)).toBe(member);
    expect(logOwner('tasks')).toBe('');
  });

  test('OP-17 subject, workspace, member, prev, members', async () => {
    expect(await verdict(pin)).toBe('counted');
    expect(await verdict({ ...pin, subject: '' })).toBe('subject is missing');
    expect(await verdict({ subject: member })).toBe('a creation has no subject');
    expect(await verdict({ ...pin, member: undefined })).toBe('member is missing');
    expect(await verdict({ type: 'join', subject: member, body: undefined })).toBe(
      'the replica speaks for itself here',
    );
    expect(await verdict({ type: 'join', subject: member, body: undefined, member: undefined })).toBe(
      'counted',
    );
    expect(await verdict({ ...pin, workspace: '' })).toBe('only the genesis has no workspace');
    expect(await verdict({ ...pin, prev: member })).toBe('only the first operation of a chain has no prev');
    expect(await verdict({ ...pin, seq: 2 })).toBe('only the first operation of a chain has no prev');
    expect(await verdict({ ...pin, type: 'redact' })).toBe('a redact carries members');
    expect(await verdict({ ...pin, type: 'redact', members: [] })).toBe('counted');
    const revoke = {
      type: 'invite.revoke',
      log: 'members',
      data: { invite: member, frontier: {} },
      body: undefined,
    };
    expect(await verdict({ ...revoke, subject: member })).toBe('subject is not the workspace');
    expect(await verdict({ ...revoke, subject: workspace })).toBe('counted');
  });

  test('OP-17 a marks log holds its member’s marks', async () => {
    const mark = {
      type: 'mark.set',
      log: `marks.${member}`,
      data: { whole: true, vector: {} },
      body: undefined,
    };
    expect(await verdict({ ...mark, subject: member })).toBe('counted');
    expect(await verdict({ ...mark, subject: channel })).toBe('a mark is its own member’s');
    expect(await verdict({ ...mark, subject: channel, member: channel })).toBe(
      'a marks log is its own member’s',
    );
  });

  test('OP-9 OP-17 genesis and admission bring their own key', async () => {
    const chain = chainFrom(8, 'members');
    const { publicKey, id } = chain.signer;
    const genesis = await make(
      {
        type: 'workspace.genesis',
        workspace: '',
        member: undefined,
        body: undefined,
        data: { name: 'team', owner: publicKey, arbiter: id, nonce: member },
      },
      chain,
    );
    expect(checkShape(nodeCrypto, genesis).state).toBe('counted');
    const read = readEntry(nodeCrypto, genesis);
    expect(checkEntry(nodeCrypto, genesis, { workspace: read.ok ? read.hash : '' }).state).toBe('counted');
    expect(checkEntry(nodeCrypto, genesis, { workspace }).state).toBe('rejected');
    expect(await verifySignature(nodeCrypto, genesis, selfKey(genesis.header) ?? '')).toBe(true);

    // Signed by another key than the one it names.
    const stolen = await make(
      {
        type: 'replica.admit',
        member: undefined,
        body: undefined,
        data: { key: publicKey, encryption: publicKey, seed: publicKey, proof: 'A'.repeat(86) },
      },
      chainFrom(9, 'members'),
    );
    expect(checkShape(nodeCrypto, stolen).state).toBe('counted');
    expect(selfKey(stolen.header)).toBe(publicKey);
    expect(await verifySignature(nodeCrypto, stolen, publicKey)).toBe(false);
    expect(selfKey((await make({})).header)).toBeUndefined();
  });
});

describe('a body that is not there', () => {
  test('OP-18 waits, unless a redact is named; the rest is judged alike', async () => {
    const entry = await make({});
    expect(checkShape(nodeCrypto, entry)).toEqual({ state: 'counted' });
    expect(checkShape(nodeCrypto, { header: entry.header, sig: entry.sig })).toEqual(waiting('body'));
    expect(checkShape(nodeCrypto, stripped(entry, workspace))).toEqual({ state: 'counted' });
    const wrong = await make({ data: { hops: -1 } });
    expect(checkShape(nodeCrypto, { header: wrong.header, sig: wrong.sig })).toEqual(
      checkShape(nodeCrypto, wrong),
    );
  });
});

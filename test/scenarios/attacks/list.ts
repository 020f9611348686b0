import * as Y from 'yjs';
import type { Entry, Hash } from '../../../schemas/index.ts';
import { createWriter } from '../../../src/log/index.ts';
import { craft } from '../../sync/guard/craft.ts';
import type { Outcome } from './doors.ts';

/** What attacks are made of: a document as it is on the relay, and an entry of it. */
export interface Target {
  readonly state: Uint8Array;
  readonly key: Hash;
  readonly entry: Entry;
  /** Another entry, of another log, and of another workspace. */
  readonly elsewhere: readonly [Hash, Entry];
  readonly foreign: readonly [Hash, Entry];
}

/** An update that must fail. `refused` is what it is called; the others change nothing, and may not end a session. */
export interface Attack {
  /** The place of DESIGN 8 that names it; the others are ours. */
  readonly design?: number;
  /** The document, if it is another than that of `state`. */
  readonly on?: string;
  readonly update: (target: Target) => Uint8Array;
  readonly refused?: string;
  readonly outcome?: Outcome;
}

const squatted = 0x7000_0000;

function changed({ state }: Target, change: (ops: Y.Map<Entry>, doc: Y.Doc) => void): Uint8Array {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, state);
  const vector = Y.encodeStateVector(copy);
  change(copy.getMap<Entry>('ops'), copy);
  return Y.encodeStateAsUpdate(copy, vector);
}

const encoded = (...entries: readonly (readonly [Hash, Entry])[]): Uint8Array =>
  createWriter({ clientID: squatted - 1 }).encode(entries.map(([key, entry]) => [key, entry]));

/** A client that wrote the document, and its next clock. */
function writerOf({ state }: Target): readonly [client: number, clock: number] {
  const [first] = Y.decodeStateVector(Y.encodeStateVectorFromUpdate(state));
  if (!first) throw new Error('nobody wrote');
  return first;
}

/** What DESIGN 8 lists, in its order; what an update cannot be is shown by the tests that are named. */
export const design: readonly (readonly [attack: string, shown: string])[] = [
  ['clock squatting with a GC struct (9 bytes)', 'attacks'],
  ["pre-deletion of another's future (10 bytes)", 'attacks'],
  ["another's clientID with the next clock", 'attacks'],
  ['partial apply of a bad tail', 'attacks'],
  ['a huge struct count', 'attacks'],
  ['gapped floods', 'attacks'],
  ['v2 payloads', 'attacks'],
  ['body stripped without a redaction', 'attacks'],
  ['a valid entry set under a struct that resolves to another key', 'attacks'],
  ['replayed operations in another log or workspace', 'attacks'],
  ['spoofed awareness', 'presence'],
  ['frames that kill a naive ws server', 'frames'],
];

export const attacks: Readonly<Record<string, Attack>> = {
  'clock squatting with a collected struct': {
    design: 1,
    refused: 'struct',
    update: () => craft([{ client: squatted, clock: 0, structs: [{ info: 0, length: 1 }] }]),
  },
  'a deletion of what others will write': {
    design: 2,
    outcome: 'stored',
    update: () => craft([], [[squatted, [0, 100]]]),
  },
  'a deletion of everything': {
    outcome: 'stored',
    update: (target) =>
      changed(target, (ops) => {
        for (const each of [...ops.keys()]) ops.delete(each);
      }),
  },
  "another's clientID with its next clock": {
    design: 3,
    outcome: 'stored',
    update(target) {
      const [client, clock] = writerOf(target);
      return craft([{ client, clock, structs: [{ key: target.key, values: [target.entry] }] }]);
    },
  },
  'a bad tail': {
    design: 4,
    refused: 'malformed',
    update: ({ state }) => Uint8Array.from([...state, 1, 2, 3]),
  },
  'a huge number of structs': {
    design: 5,
    refused: 'malformed',
    update: () => craft([{ client: 5, clock: 0, structs: [], count: 2 ** 31 }]),
  },
  'a gap in the clocks': {
    design: 6,
    outcome: 'asked again',
    update: ({ key, entry }) => craft([{ client: 6, clock: 1000, structs: [{ key, values: [entry] }] }]),
  },
  'a flood of gaps': {
    design: 6,
    outcome: 'asked again',
    update: ({ key, entry }) =>
      craft(
        Array.from({ length: 400 }, (_, n) => ({
          client: 1000 + n,
          clock: 7,
          structs: [{ key, values: [entry] }],
        })),
      ),
  },
  'a payload of format v2': {
    design: 7,
    refused: 'malformed',
    update({ state }) {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, state);
      return Y.encodeStateAsUpdateV2(doc);
    },
  },
  'a text taken away without a redaction': {
    design: 8,
    outcome: 'stored',
    update: (target) =>
      changed(target, (ops) => {
        const { header, sig } = target.entry;
        ops.set(target.key, structuredClone({ header, sig }));
      }),
  },
  'an entry under a struct of another key': {
    design: 9,
    refused: 'key',
    update: ({ entry, elsewhere: [key] }) =>
      craft([{ client: 8, clock: 0, structs: [{ key, values: [entry] }] }]),
  },
  'an operation of another log': {
    design: 10,
    refused: 'log',
    update: ({ elsewhere }) => encoded(elsewhere),
  },
  'an operation of another workspace': {
    design: 10,
    refused: 'workspace',
    on: 'log/tasks/1',
    update: ({ foreign }) => encoded(foreign),
  },
  'another text under its key': {
    refused: 'entry',
    update: (target) =>
      changed(target, (ops) => {
        const body = { salt: 'a'.repeat(26), text: 'forged' };
        ops.set(target.key, structuredClone({ ...target.entry, body }));
      }),
  },
  'no entry at all': {
    refused: 'place',
    update: (target) => changed(target, (ops) => void ops.set('x', 'nothing' as never)),
  },
  'an entry at a place that is taken': {
    design: 9,
    outcome: 'stored',
    update(target) {
      const [client] = writerOf(target);
      const other = 'a'.repeat(26);
      return craft([{ client, clock: 0, structs: [{ key: other, length: 1 }] }]);
    },
  },
};

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Case, Cases, Offered, World } from './cases.ts';
import { remotes } from './remotes.ts';
import { rest } from './rest.ts';
import { talk } from './talk.ts';
import { work } from './work.ts';

/** Every verb of both doors: one that is added is an error of types until it has a case here. */
const cases: Cases = { ...talk, ...work, ...remotes, ...rest };

/** What a replica has besides that a client has not, and why. */
const onlyEmbedded: Readonly<Record<string, string>> = {
  countersign: 'a replica does it for who joins by its ticket; nodes ask each other for it',
  membersLog: 'for replicas that were away, not for members',
  package: 'who has a ticket asks for it, and is no member yet',
  keepTicket: 'a node asks the replica of a relay to; no member does',
  admitOwn: 'a node does it for its page',
  enrol: 'a replica does it for its remotes; a client adds one',
  attach: 'only the process that has the replica can listen for it',
  as: 'over HTTP the token names the member',
  sync: 'the links are of the process that has the replica; a client reads them in the status',
  close: 'a client holds nothing open; the process that has the replica closes it',
};

/** The functions of a door by path, whether the types know them or not. */
function verbsOf(door: object): string[] {
  return Object.entries(door).flatMap(([name, value]: [string, unknown]) => {
    if (Object.hasOwn(onlyEmbedded, name)) return [];
    if (typeof value === 'function') return [name];
    if (typeof value !== 'object' || value === null || name === 'member') return [];
    return Object.entries(value)
      .filter(([, verb]) => typeof verb === 'function')
      .map(([verb]) => `${name}.${verb}`);
  });
}

export interface Door {
  readonly kai: Offered;
  as(handle: string): ReturnType<World['as']>;
  close(): Promise<void>;
}

/** What every verb does and refuses, at one door. `open` makes a workspace under `root` whose first member is kai. */
export function surfaceContract(name: string, open: (root: string) => Promise<Door>): void {
  describe(`every verb, ${name}`, () => {
    let door: Door;
    let root: string;
    const world: World = {
      get kai() {
        return door.kai;
      },
      as: (handle) => door.as(handle),
      scratch() {
        const directory = mkdtempSync(join(tmpdir(), 'coterie-verbs-'));
        onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
        return directory;
      },
    };
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'coterie-surface-'));
      door = await open(root);
      for (const who of [door.kai, door.as('ann')]) await who.messages.post('general', { text: 'here' });
    });
    afterAll(async () => {
      await door.close();
      rmSync(root, { recursive: true, force: true });
    });

    it('has the verbs that are tested here, and no other', () => {
      expect(verbsOf(door.kai).sort()).toEqual(Object.keys(cases).sort());
    });

    for (const [verb, { does, refuses }] of Object.entries<Case>(cases)) {
      if (typeof refuses !== 'string')
        it(`${verb}: refuses`, async () => {
          await refuses(world);
        });
      it(`${verb}: does`, () => does(world));
    }
  });
}

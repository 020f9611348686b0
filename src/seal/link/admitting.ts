import type { Crypto, Signer } from '../../op/index.ts';
import { listHash, listHolds, readList, signList } from '../admitted.ts';
import type { SignedList, ToClient, ToRelay } from '../wire.ts';
import type { Ask } from './asking.ts';
import type { LinkSource, Roster } from './port.ts';

export interface AdmittingOptions {
  readonly source: LinkSource;
  readonly crypto: Pick<Crypto, 'sha256' | 'verify'>;
  readonly mailbox: string;
  readonly code: string | undefined;
  readonly signer: Pick<Signer, 'publicKey' | 'sign'>;
  readonly ask: Ask;
  readonly send: (message: ToRelay) => void;
  readonly later: (task: () => void, from: number, to: number) => void;
  readonly hinder: (code: 'not_found', message: string) => void;
}

/** Who is admitted to the mailbox, as the workspace has it, and who is given secrets. */
export interface Admitting {
  /** Makes the mailbox; the relay says hello again then. */
  create(): Promise<void>;
  met(): void;
  /** Membership, or what is known of epochs, changed. */
  changed(): void;
  told(message: Extract<ToClient, { readonly type: 'list' | 'joined' }>): void;
  letter(message: Extract<ToClient, { readonly type: 'letter' }>): Promise<void>;
}

/** Of several admins' replicas one puts the next list mostly, by lot, ms. */
const soon = 100;
const lot = 700;

const keysOf = ({ inForce, revoked }: Roster) => ({
  keys: inForce.map(({ key, admin }) => ({ key, admin })),
  revoked: [...revoked],
});

export function createAdmitting(options: AdmittingOptions): Admitting {
  const { source, crypto, mailbox, signer, ask, send, later } = options;
  const given = new Set<string>();
  /** Replicas that came in by an invite of the relay, and may not be known here yet. */
  const joined = new Set<string>();
  let current: SignedList | undefined;
  let planned = false;
  let met = false;

  const isAdmin = ({ inForce }: Roster): boolean =>
    inForce.some(({ key, admin }) => admin && key === source.publicKey);

  /** Puts the next list where the workspace has become another. */
  async function follow(): Promise<void> {
    const roster = source.roster();
    const list = current && readList(current);
    if (!current || !list || !isAdmin(roster)) return;
    if (!list.keys.some(({ key, admin }) => admin && key === source.publicKey)) return;
    const wanted = keysOf(roster);
    const text = (one: { keys: { key: string; admin: boolean }[]; revoked: string[] }): string =>
      JSON.stringify([one.keys.map(({ key, admin }) => `${key} ${admin}`).sort(), [...one.revoked].sort()]);
    if (text(wanted) === text(list)) return;
    const next = await signList(signer, {
      ...wanted,
      mailbox,
      version: list.version + 1,
      prev: listHash(crypto, current),
    });
    await ask((tag) => ({ type: 'list', tag, list: next }), 'ok').then(
      () => {
        current = next;
      },
      // Another admin was faster: the list that is there is looked at again.
      () => send({ type: 'list', tag: 0, list: undefined }),
    );
  }

  /** Gives secrets to all who are admitted, by an admin's replica: what it can't read says nothing to who lacks them. */
  function share(): void {
    const roster = source.roster();
    const epoch = source.keyring.current();
    if (!epoch || !isAdmin(roster)) return;
    for (const { id, key } of roster.inForce) {
      const mark = `${id} ${epoch.id}`;
      const letter = key === source.publicKey || given.has(mark) ? undefined : source.keyring.share(id);
      if (!letter) continue;
      given.add(mark);
      ask((tag) => ({ type: 'letter', tag, to: key, bytes: letter }), 'ok').catch(() => given.delete(mark));
    }
  }

  function plan(): void {
    if (planned || !met) return;
    planned = true;
    later(
      () => {
        planned = false;
        void follow().then(share, () => undefined);
      },
      soon,
      lot,
    );
  }

  return {
    async create() {
      const roster = source.roster();
      source.keyring.use();
      if (!isAdmin(roster)) {
        options.hinder('not_found', 'an admin’s replica has to make the mailbox of this workspace there');
        return;
      }
      const list = await signList(signer, { ...keysOf(roster), mailbox, version: 1, prev: null });
      await ask((tag) => ({ type: 'create', tag, list, code: options.code ?? '' }), 'ok');
    },
    met() {
      met = true;
      source.keyring.use();
      send({ type: 'list', tag: 0, list: undefined });
      plan();
    },
    changed: plan,
    told(message) {
      if (message.type === 'joined') joined.add(message.text);
      else
        void (async () => {
          const read = readList(message.list);
          if (read?.mailbox !== mailbox || !(await listHolds(crypto, message.list, read.by))) return;
          current = message.list;
          plan();
        })();
    },
    async letter({ number, bytes }) {
      await source.keyring.take(bytes);
      send({ type: 'letterTaken', number });
    },
  };
}

import type { Hash, RemoteInfo, Warning } from '../../../schemas/index.ts';
import type { MemberState } from '../../fold/types.ts';
import { type CrowdedPad, mostClients, type Pads } from '../../storage/pads.ts';
import type { Database } from '../commit/database.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import type { Keyring } from '../epochs/keyring.ts';
import { findReplica, revocation } from '../machines/replicas.ts';
import type { Reading } from '../reading/context.ts';
import { calledOf } from '../reading/names.ts';
import type { KeptRefusals, RefusedSender } from '../sync/kept-refusals.ts';
import { copiedOf } from '../sync/own-key.ts';
import type { Refusals } from '../sync/refusals.ts';

/** Names of things that are listed at most; what is beyond is counted. */
const named = 3;

function some(names: readonly string[]): string {
  const shown = names.slice(0, named).join(', ');
  return names.length > named ? `${shown} and ${names.length - named} more` : shown;
}

/** Records in sealed relays that can't be read here; a replica that uses none needs no secrets. */
export function epochsWarning({ used, lacking }: Pick<Keyring, 'used' | 'lacking'>): Warning | undefined {
  const count = used() ? lacking().length : 0;
  if (count === 0) return undefined;
  return {
    what: 'key epochs',
    message: `the secrets of ${count} key epochs are not here: what is sealed in them can't be read`,
    hint: 'They come by a letter once the replica of an admin meets the same sealed relay.',
  };
}

/** Relays that were found out, by name, and those where another key answers. */
export function relaysWarning(remotes: readonly RemoteInfo[]): Warning | undefined {
  const told = remotes.flatMap(({ url, alarms, trouble }) => {
    const bad = alarms.filter(({ kind }) => kind !== 'replaced');
    const last = bad.at(-1);
    const kinds = [...new Set(bad.map(({ kind }) => kind))].join(', ');
    if (last) return [`${url}: ${kinds}, the last ${last.at}: ${last.message}`];
    return trouble?.code === 'relay_changed' ? [`${url}: impostor, ${trouble.message}`] : [];
  });
  if (told.length === 0) return undefined;
  return {
    what: 'relays',
    message: `not to be trusted: ${some(told)}`,
    hint: 'Nothing here is lost. Sync with the others by another way; what it is about: coterie remote status --json',
  };
}

/** Another directory writes under this replica's key, as its operations show. */
export function copiedWarning(database: Pick<Database, 'get'>, self: Hash): Warning | undefined {
  const copied = copiedOf(database, self);
  if (!copied) return undefined;
  const { operation, rekey, trouble } = copied;
  const why = trouble ? `, and it could not take a fresh key: ${trouble.message}` : '';
  return {
    what: 'replica key',
    message: `another directory writes under this replica's key: it made ${operation}${why}`,
    hint: rekey
      ? takingHint(trouble?.code)
      : 'Let the copy of this directory meet the others of the workspace, by a node or an upstream: it takes a fresh key then.',
  };
}

function takingHint(code: string | undefined): string {
  if (code === undefined) return 'It takes a fresh key by itself, now. Nothing is lost.';
  if (code === 'unreachable') return 'It is tried again each minute: start the node that invited this one.';
  if (code === 'disk_full' || code === 'storage_failed')
    return 'Free some space: it is tried again each minute.';
  return 'Ask for another ticket, stop this replica, and use it on this same directory: coterie join TICKET';
}

function metWarning({ copies }: Refusals): Warning | undefined {
  if (copies === 0) return undefined;
  return {
    what: 'replica key',
    message: 'a process on another directory has this replica’s key: the directory was copied',
    hint: 'They do not sync with each other. Let both meet another replica: one takes a fresh key then.',
  };
}

async function forkWarning(database: Database, self: Hash): Promise<Warning | undefined> {
  const forks = (await database.under<readonly Hash[]>('v/fork/'))
    .map(([key]) => key.split('/'))
    .filter(([, , , replica]) => replica !== self)
    .map(([, , log = '', replica = '']) => `${log} of ${replica}`);
  const chains = [...new Set(forks)];
  if (chains.length === 0) return undefined;
  return {
    what: 'forks',
    message: `chains fork: ${some(chains)}`,
    hint: 'A directory was copied or restored there. Both branches count; nothing is lost.',
  };
}

async function splitWarning(database: Database): Promise<Warning | undefined> {
  const split = (await database.under<number>('split/')).map(([key]) => key.slice('split/'.length));
  if (split.length === 0) return undefined;
  return {
    what: 'documents',
    message: `structures are broken in ${some(split)}`,
    hint: 'They are synced by key; nothing is lost.',
  };
}

/** Pads that so many clients have written to that each exchange is slow. */
export function padsWarning(pads: readonly CrowdedPad[]): Warning | undefined {
  if (pads.length === 0) return undefined;
  const names = pads.map(({ document, clients }) => `${document} (${clients})`);
  return {
    what: 'pads',
    message: `${mostClients} clients or more have written to ${some(names)}: a pad keeps each of them, and becomes slow`,
    hint: 'Go on in a pad of another name, into which one client copies what this one shows.',
  };
}

/**
 * The clock here and that of another replica differ so much that neither shows what is said of presence at the other.
 * Whose is off only those who look at both can tell; where all are off to one side it is this one.
 */
export function clocksWarning(reading: Reading, clocks: ReadonlyMap<Hash, number>): Warning | undefined {
  if (clocks.size === 0) return undefined;
  const off = [...clocks].map(([replica, ms]) => {
    const { name } = findReplica(reading, replica);
    return `${Math.round(Math.abs(ms) / 60_000)} minutes ${ms > 0 ? 'behind' : 'ahead of'} that of ${name}`;
  });
  return {
    what: 'clock',
    message: `the clock here is ${some(off)}: presence does not pass between them`,
    hint: 'Set the clock that is wrong: `date -u` on each machine tells.',
  };
}

/** Members that took one handle apart: none of them is the other, and each is called by a longer form. */
export function handlesWarning(reading: Pick<Reading, 'membership'>): Warning | undefined {
  const { membership } = reading;
  const byHandle = new Map<string, MemberState[]>();
  for (const member of membership.state.members.values())
    if (!member.imported) {
      const { handle } = membership.person(member.id);
      byHandle.set(handle, [...(byHandle.get(handle) ?? []), member]);
    }
  const shared = [...byHandle.values()].filter((bearers) => bearers.length > 1);
  const [bearers] = shared;
  if (!bearers) return undefined;
  const called = shared.map((one) => one.map((member) => calledOf(reading, member)).join(' and '));
  return {
    what: 'handles',
    message: `members have one handle: ${some(called)}`,
    hint: 'None is the other. Call each by the longer form, @handle~id; one of them may take another handle.',
  };
}

/** This replica itself is out, as the members log says. */
export function revokedWarning(
  reading: Pick<Reading, 'database' | 'membership' | 'replica'>,
): Warning | undefined {
  const state = reading.membership.state.replicas.get(reading.replica);
  const revoked = state && revocation(reading, state);
  if (!revoked) return undefined;
  return {
    what: 'revoked',
    message: `${revoked.by.handle} revoked this replica: no peer has it, and what it writes counts nowhere else`,
    hint: 'Ask an admin for a ticket, and join with a fresh directory: coterie join',
  };
}

/** What others sent and no honest replica sends, since this one was opened. */
export function refusedText(
  { count, last, of }: Refusals,
  most = Number.POSITIVE_INFINITY,
): string | undefined {
  if (!last) return undefined;
  const senders = new Map<string, string[]>();
  for (const { by, reason, count: times } of of)
    senders.set(by, [...(senders.get(by) ?? []), `${reason} ${times}`]);
  const said = [...senders].map(([by, reasons]) => `by ${by} for ${reasons.join(', ')}`);
  const more = said.length > most ? [`and by ${said.length - most} more`] : [];
  return [
    `${count} ${count === 1 ? 'update was' : 'updates were'} refused since it was opened`,
    `the last for ${last.document}: ${last.reason}`,
    ...said.slice(0, most),
    ...more,
  ].join('; ');
}

/** The last who were refused, the newest first: how often, over all openings, and when and why it was last. */
export function keptText(senders: readonly RefusedSender[]): string | undefined {
  if (senders.length === 0) return undefined;
  const said = senders.toReversed().map(({ by, count, at, document, reason }) => {
    const last = `${new Date(at).toISOString()} for ${document}: ${reason}`;
    return `${by}, ${count === 1 ? 'once' : `${count} times, the last`} at ${last}`;
  });
  return said.join('; ');
}

/** What someone should know who looks at the status, all of it cheap to find; `doctor` looks at everything. */
export async function warningsOf(options: {
  readonly reading: Reading;
  readonly checkpoints: Pick<Checkpoints, 'trouble'>;
  readonly refusals: Refusals;
  readonly refused: Pick<KeptRefusals, 'recent'>;
  readonly pads: Pick<Pads, 'crowded'>;
  readonly clocks: ReadonlyMap<Hash, number>;
  readonly remotes: readonly RemoteInfo[];
}): Promise<Warning[]> {
  const { reading, refusals } = options;
  const { database, replica: self } = reading;
  const { trouble } = options.checkpoints;
  const before = keptText(options.refused.recent().slice(-named));
  const refused =
    refusedText(refusals, named) ?? (before && `updates were refused before it was opened: ${before}`);
  const found = [
    revokedWarning(reading),
    copiedWarning(database, self) ?? metWarning(refusals),
    await forkWarning(database, self),
    await splitWarning(database),
    padsWarning(options.pads.crowded()),
    clocksWarning(reading, options.clocks),
    handlesWarning(reading),
    relaysWarning(options.remotes),
    refused === undefined
      ? undefined
      : {
          what: 'refused updates',
          message: refused,
          hint: 'Who sent them was cut off. Look which peers are known here: coterie replicas',
        },
    trouble && {
      what: 'checkpoints',
      message: trouble.message,
      hint: 'Free some space; the journal holds everything meanwhile.',
    },
  ];
  return found.filter((one) => one !== undefined);
}

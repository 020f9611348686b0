import * as Y from 'yjs';
import type { Entry, Hash, OperationState } from '../../../schemas/index.ts';
import { generateSeed, nodeCrypto } from '../../../src/keys/node.ts';
import { createWriter } from '../../../src/log/index.ts';
import { hashOf } from '../../../src/op/index.ts';
import type { Received } from '../../../src/sync/port.ts';
import { asTexts, type Hand, hand, type Made } from '../../replica/sync/hand.ts';
import type { Station } from '../station.ts';
import type { Said } from '../team.ts';
import { type Fate, type Lie, lies, type Scene } from './lies.ts';

/** A key of the user's machine that is admitted, speaks for a member of its own, and lies in what it signs. */
export interface Liar {
  /** Tells one replica a lie, by lot. Throws when what must be refused is taken, or the other way round. */
  tell(station: Station, stations: readonly Station[], said: Said): Promise<void>;
  /** How often each lie was told. */
  readonly told: Readonly<Record<string, number>>;
  /** What must have become of each operation, where it was not refused. */
  readonly fates: ReadonlyMap<Hash, { readonly kind: string; readonly fate: Fate }>;
}

/** No session of the network has such a number. */
let sessions = 1e9;

export function createLiar(options: {
  readonly root: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly draw: (below: number) => number;
  readonly now: () => number;
}): Liar {
  const { root, random, draw, now } = options;
  const told: Record<string, number> = {};
  const fates = new Map<Hash, { kind: string; fate: Fate }>();
  let self: { hand: Hand; member: Made } | undefined;

  /** It comes in as any replica does, and as no owner: it saw that others are there. */
  async function arrive(station: Station): Promise<{ hand: Hand; member: Made } | undefined> {
    const [someone] = (await station.replica.members.list({ limit: 1 })).items;
    if (!someone) return undefined;
    const made = hand(root, generateSeed(random), now, random);
    const admission = await made.admission();
    const member = await made.make({
      log: 'members',
      type: 'member.create',
      after: [...new Set([admission.hash, ...someone.base])].slice(0, 8),
      data: { handle: 'eve', kind: 'agent', machine: made.machine },
    });
    const received = await station.source.take('log/members/1', asTexts(admission, member), ++sessions);
    if (!received.ok) throw new Error(`the liar is not let in: ${received.reason}`);
    return { hand: made, member };
  }

  async function held({ source }: Station): Promise<Scene['held']> {
    const logs = (await source.logs()).filter(([log]) => log !== 'members' && !log.startsWith('marks.'));
    const [log] = logs[draw(logs.length || 1)] ?? [];
    if (log === undefined) return undefined;
    const segments = await source.segments(log);
    const document = `log/${log}/${segments[draw(segments.length || 1)]?.n}`;
    const all = await source.keys(document);
    const [key] = all[draw(all.length || 1)] ?? [];
    const [text] = key === undefined ? [] : await source.entries(document, [key]);
    const clients = [...Y.decodeStateVector(await source.stateVector(document)).keys()];
    const client = clients[draw(clients.length || 1)];
    if (key === undefined || text === undefined || client === undefined) return undefined;
    return { document, key, entry: JSON.parse(text[1]) as Entry, client };
  }

  async function claimed({ replica }: Station, { tasks }: Said): Promise<Scene['claimed']> {
    for (const task of tasks) {
      const { claim } = await replica.tasks.get(task).catch(() => ({ claim: null }));
      if (claim) return { task, claim: claim.operation };
    }
    return undefined;
  }

  async function deliver({ source }: Station, lie: Lie): Promise<Received> {
    const entries = lie.sent ?? lie.made.map(({ key, entry }) => [key, entry] as const);
    const asUpdate = lie.update ?? (draw(2) === 0 ? encode(entries) : undefined);
    const by = ++sessions;
    return asUpdate
      ? source.receive(lie.document, asUpdate, by)
      : source.take(
          lie.document,
          entries.map(([key, entry]) => [key, JSON.stringify(entry)]),
          by,
        );
  }

  const encode = (entries: readonly (readonly [Hash, Entry])[]): Uint8Array =>
    createWriter({ clientID: 1 + draw(2 ** 31) }).encode(entries.map(([key, entry]) => [key, entry]));

  /** Notes what must become of a lie, from what the replica said that got it. */
  async function judge({ name, source }: Station, kind: string, lie: Lie, received: Received): Promise<void> {
    // A document that is split takes nothing by updates, and refuses none.
    const isDeaf = received.ok && (await source.digest(lie.document)).split;
    if (received.ok === (lie.fate === 'refused') && !isDeaf) {
      const became = received.ok ? 'taken' : received.reason;
      throw new Error(`${kind} in ${lie.document} was ${became} at ${name}`);
    }
    told[kind] = (told[kind] ?? 0) + 1;
    const here = new Set(received.ok ? received.keys : []);
    const sent = new Map(lie.sent?.map(([key, { header }]) => [hashOf(nodeCrypto, header), key]));
    for (const { hash, key } of lie.made)
      if (here.has(sent.get(hash) ?? key)) fates.set(hash, { kind, fate: lie.fate });
  }

  return {
    told,
    fates,
    async tell(station, stations, said) {
      self ??= await arrive(station);
      if (!self) return;
      const other = stations[draw(stations.length)];
      const message = [...said.messages][draw(said.messages.size || 1)];
      const channels = (await station.replica.channels.list()).items;
      const channel = message?.[1] ?? 'general';
      const id = channels.find(({ name }) => name === channel)?.id;
      if (!other?.up || id === undefined) return;
      const kinds = Object.entries(lies);
      const [kind, lie] = kinds[draw(kinds.length)] ?? [];
      const made = await lie?.({
        ...self,
        draw,
        random,
        member: self.hand.member('eve'),
        saw: [self.member.hash],
        other: other.replica.member.id,
        replica: other.replica.id,
        log: `channel.${id}`,
        message: message?.[0],
        claimed: await claimed(station, said),
        held: await held(station),
      });
      if (kind === undefined || made === undefined) return;
      await judge(station, kind, made, await deliver(station, made));
    },
  };
}

/** What is wrong about what became of lies at a station, if anything. */
export function misjudged({ name, stateOf }: Station, { fates }: Liar): string[] {
  const wrong: string[] = [];
  for (const [hash, { kind, fate }] of fates) {
    const state: OperationState | undefined = stateOf(hash);
    if (state?.state !== fate)
      wrong.push(`${kind} ${hash} is ${JSON.stringify(state)} at ${name}, not ${fate}`);
  }
  return wrong;
}

import { type Draft, defaultRef, type Importer, type Ref, ref, type SetAside } from './draft.ts';
import type { Folder } from './folder.ts';
import { displayName } from './names.ts';
import { openFolder } from './open.ts';
import { mapMessage, memberSource } from './slack/message.ts';
import { makePlan, type Person, type Place, type Plan, readMessages } from './slack/plan.ts';
import { type SlackMessage, tsKey } from './slack/shapes.ts';
import { type TextNames, toMarkdown } from './slack/text.ts';
import { boundedSource } from './sources.ts';
import { clip, oneLine } from './text.ts';

/**
 * Reads a Slack export, a zip archive or the directory of one, twice: first all of it, checking, then a day at a time.
 * What it yields is the same wherever the export lies. The mapping is in docs/import.md.
 */
export function slackImporter(path: string): Importer {
  const read: Record<string, number> = {};
  let done = 0;
  let files = 0;
  const count = (noun: string, n = 1): void => {
    read[noun] = (read[noun] ?? 0) + n;
  };

  return {
    format: 'slack',
    read,
    // Each file is read twice.
    progress: () => ({ stage: 'slack', done, total: files === 0 ? null : 2 * files }),
    async *drafts(signal) {
      const folder = await openFolder(path);
      try {
        files = folder.files.size;
        const step = (): void => {
          done++;
        };
        const plan = await makePlan(folder, step, signal);
        done = files;
        count('members', [...plan.people.values()].filter((person) => person.user).length);
        count('channels', plan.places.length);
        count('threads', plan.threads);
        for (const stray of plan.strays)
          yield { what: 'file', source: stray, reason: 'not part of a Slack export that this reads' };
        for (const id of plan.strangers)
          yield {
            what: 'mention',
            source: memberSource(id),
            reason: 'not in users.json and wrote nothing: stays text',
          };
        yield* members(plan.people.values());
        const names = namesOf(plan);
        for (const place of plan.places) {
          yield* makeChannel(place, plan.people, names);
          yield* messages(folder, place, names, { count, step, signal });
          yield* afterwards(place, plan.people);
        }
        done = 2 * files;
      } finally {
        await folder.close();
      }
    },
  };
}

function namesOf(plan: Plan): TextNames {
  const channels = new Map(plan.places.map(({ id, name }) => [id, name]));
  return { handle: (id) => plan.people.get(id)?.handle, channel: (id) => channels.get(id) };
}

const channelSource = (place: Place): string => `slack:${place.id}`;
const channelRef = (place: Place): Ref =>
  place.isDefault ? defaultRef(place.name) : ref(channelSource(place));

function* members(people: Iterable<Person>): Generator<Draft | SetAside> {
  for (const { id, user, handle, first } of people) {
    const source = memberSource(id);
    const shown =
      [user?.profile?.display_name, user?.real_name, user?.profile?.real_name, user?.name]
        .map((name) => displayName(name ?? ''))
        .find((name) => name !== undefined) ?? displayName(id.replace(/^name:/, ''));
    if (!user) yield { what: 'member', source, reason: 'not in users.json: made from its id' };
    if (shown && !shown.whole)
      yield { what: 'member', source, reason: 'display name over 256 bytes: its beginning is kept' };
    const bot = user ? user.is_bot === true : /^(?:B[A-Z0-9]+$|name:)/.test(id);
    yield {
      ref: source,
      log: { kind: 'members' },
      type: 'member.create',
      data: { handle, kind: bot ? 'agent' : 'human' },
      body: { name: shown?.text ?? handle },
      imported: { at: first, source },
    };
  }
}

function* makeChannel(
  place: Place,
  people: ReadonlyMap<string, Person>,
  names: TextNames,
): Generator<Draft | SetAside> {
  const { channel, kind } = place;
  const source = channelSource(place);
  const creator = channel.creator ? people.get(channel.creator) : undefined;
  const topic = oneLine(toMarkdown(channel.topic?.value || channel.purpose?.value || '', names).text);
  const kept = clip(topic, 1024);
  if (place.isDefault) {
    if (topic !== '')
      yield {
        what: 'channel',
        source,
        reason: `every workspace has #${place.name}: its topic stays as it is`,
      };
    return;
  }
  if (kept !== topic)
    yield { what: 'channel', source, reason: 'topic over 1,024 bytes: its beginning is kept' };
  if (kind === 'private')
    yield { what: 'channel', source, reason: 'was private; everyone in the workspace can read it' };
  const direct = kind === 'public' || kind === 'private' ? undefined : (channel.members ?? []);
  if (direct)
    yield { what: 'channel', source, reason: 'was a direct conversation; it is addressed, not secret' };
  yield {
    ref: source,
    log: { kind: 'channels' },
    type: 'channel.create',
    data: {
      name: place.name,
      ...(direct ? { direct: direct.slice(0, 50).map((id) => ref(memberSource(id))) } : {}),
    },
    ...(kept === '' ? {} : { body: { topic: kept } }),
    imported: { at: place.first, source, ...(creator ? { author: ref(memberSource(creator.id)) } : {}) },
  };
}

interface Reading {
  count(noun: string, n?: number): void;
  step(): void;
  signal: AbortSignal | undefined;
}

async function* messages(
  folder: Folder,
  place: Place,
  names: TextNames,
  reading: Reading,
): AsyncGenerator<Draft | SetAside> {
  const target = {
    id: place.id,
    channel: channelRef(place),
    names,
    roots: new Set<string>(),
  };
  let last = '';
  for (const day of place.days) {
    reading.signal?.throwIfAborted();
    const found: SlackMessage[] = [];
    for (const path of day) found.push(...(await readMessages(folder, path)));
    const keyed = found.map((message) => ({ message, key: tsKey(message.ts) }));
    // Of two copies the one that knows its thread comes first, and is taken.
    const alone = ({ message }: { message: SlackMessage }): number => (message.thread_ts ? 0 : 1);
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : alone(a) - alone(b)));
    for (const { message, key } of keyed) {
      reading.count('messages');
      reading.count(
        'reactions',
        (message.reactions ?? []).reduce((n, { users }) => n + (users ?? []).length, 0),
      );
      if (key === last)
        yield {
          what: 'message',
          source: `slack:${place.id}:${message.ts}`,
          reason: 'stands in the export twice',
        };
      else yield* mapMessage(message, target);
      last = key;
    }
    for (const _ of day) reading.step();
  }
}

/** Pins and the end of a channel come last: nothing can be said in an archived one. */
function* afterwards(place: Place, people: ReadonlyMap<string, Person>): Generator<Draft | SetAside> {
  const source = channelSource(place);
  for (const pin of place.channel.pins ?? []) {
    const message = boundedSource(`${source}:${pin.id}`);
    const by = pin.user ? people.get(pin.user) : undefined;
    const own = `${message}:pin`;
    yield {
      ref: own,
      log: { kind: 'channel', channel: channelRef(place) },
      type: 'message.pin',
      subject: ref(message),
      data: {},
      imported: {
        at: Math.floor((pin.created ?? 0) * 1000),
        source: own,
        ...(by ? { author: ref(memberSource(by.id)) } : {}),
      },
    };
  }
  if (!place.channel.is_archived) return;
  if (place.isDefault) {
    yield {
      what: 'channel',
      source,
      reason: `was archived; every workspace has #${place.name}, and it stays open`,
    };
    return;
  }
  yield {
    ref: `${source}:archived`,
    log: { kind: 'channels' },
    type: 'channel.update',
    subject: ref(source),
    data: { archived: true },
    imported: { at: place.first, source: `${source}:archived` },
  };
}

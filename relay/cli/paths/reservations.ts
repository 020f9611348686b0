import type { List, Reservation, ReservationsQuery } from '../../../schemas/index.ts';
import { failure } from '../../../src/client/call.ts';
import { given } from '../../given.ts';
import { asking, type Call, misuse, once, paged, type Team } from '../call.ts';
import { reservation, reservations } from './show.ts';

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

async function ttl(call: Call): Promise<number | undefined> {
  const typed = call.text('for');
  if (typed === undefined) return undefined;
  const [, count, unit = ''] = /^([0-9]{1,6})([smhdw])$/.exec(typed) ?? [];
  if (count === undefined) throw await misuse(`--for ${typed} is no time`, 'Write 30s, 90m, 2h or 3d.');
  return Number(count) * (units[unit] ?? 0);
}

export const reserve = asking({
  write: true,
  ask: async (team, call) =>
    team.reservations.reserve(
      {
        globs: call.list(0),
        ...given({ ttl: await ttl(call), task: call.text('task'), reason: call.text('reason') }),
      },
      once(call),
    ),
  show: reservation,
});

/** All of a list. */
export async function every(team: Team, query: ReservationsQuery): Promise<Reservation[]> {
  const items: Reservation[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await team.reservations.list({ ...query, limit: 1000, ...given({ cursor }) });
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return items;
  }
}

/** Which reservations are meant: by id, or one's own by a glob as it was written. */
async function meant(team: Team, call: Call): Promise<string[]> {
  const typed = call.list(0);
  if (call.has('all') === typed.length > 0)
    throw await misuse(
      typed.length > 0 ? 'unreserve takes what it names, or --all' : 'unreserve needs a glob, an id or --all',
      'coterie reservations --mine lists what you hold.',
    );
  const isId = (one: string) => /^[a-z2-7]{26}$/.test(one);
  const mine = typed.every(isId) && typed.length > 0 ? [] : await every(team, { others: false });
  if (call.has('all')) return mine.map(({ id }) => id);
  const ids: string[] = [];
  for (const one of typed) {
    const found = mine.filter(({ globs }) => globs.includes(one));
    if (found.length === 0 && !isId(one))
      throw await failure('not_found', `you hold no reservation with the glob ${one}`, {
        hint: 'Write it as it was reserved; a reservation is given back whole.',
        legal: [...new Set(mine.flatMap(({ globs }) => globs))],
      });
    ids.push(...(found.length > 0 ? found.map(({ id }) => id) : [one]));
  }
  return [...new Set(ids)];
}

export const unreserve = asking<List<Reservation>>({
  write: true,
  async ask(team, call) {
    const { key } = once(call);
    const ids = await meant(team, call);
    const items: Reservation[] = [];
    // One key names one request: that of several is made of it.
    for (const id of ids)
      items.push(
        await team.reservations.release(id, {
          key: key === undefined || ids.length === 1 ? key : `${key} ${id}`,
        }),
      );
    return { items };
  },
  show: ({ items }, view) =>
    items.length === 0 ? 'you hold nothing' : items.map((one) => reservation(one, view)).join('\n'),
});

export const list = asking({
  async ask(team, call) {
    if (call.has('mine') && call.has('others')) throw await misuse('--mine and --others exclude each other');
    return team.reservations.list(
      given({
        ...paged(call),
        state: call.text('state') as ReservationsQuery['state'],
        holder: call.text('holder'),
        path: call.text('path'),
        others: call.has('others') ? true : call.has('mine') ? false : undefined,
      }),
    );
  },
  show: reservations,
});

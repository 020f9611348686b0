import { z } from 'zod';
import { relayAlarms } from '../../../schemas/index.ts';
import type { Store, Write } from '../../storage/port.ts';
import type { Alarm, Place, Places } from './port.ts';

const Row = z.strictObject({
  name: z.string().optional(),
  offset: z.int().min(0),
  chain: z.string(),
  vector: z.array(z.tuple([z.int(), z.int()])),
  authors: z.array(z.tuple([z.string(), z.int(), z.string()])),
  since: z.tuple([z.int(), z.int()]),
  removed: z.tuple([z.int().nullable(), z.boolean()]),
  own: z.strictObject({ offset: z.int(), hash: z.string(), at: z.number() }).optional(),
});

const AlarmRow = z.strictObject({
  kind: z.enum(relayAlarms),
  document: z.string().optional(),
  message: z.string(),
  at: z.number(),
});
const AlarmRows = z.array(AlarmRow);
/** Alarms of one mailbox that are kept. */
const mostAlarms = 64;

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const mailboxKey = (mailbox: string): string => `mailbox/${mailbox}`;
const alarmsKey = (mailbox: string): string => `alarms/${mailbox}`;
const placeKey = (mailbox: string, document: string): string => `place/${mailbox}/${document}`;

const rowOf = ({
  name,
  offset,
  chain,
  vector,
  authors,
  since,
  removed,
  own,
}: Place): z.infer<typeof Row> => ({
  ...(name === undefined ? {} : { name }),
  offset,
  chain,
  vector: [...vector],
  authors: [...authors].map(([author, { seq, hash }]) => [author, seq, hash]),
  since: [since.records, since.bytes],
  removed: [removed.known ?? null, removed.since],
  ...(own ? { own } : {}),
});

function placeOf(bytes: Uint8Array): Place | undefined {
  const row = Row.safeParse(decode(bytes)).data;
  return (
    row && {
      name: row.name,
      offset: row.offset,
      chain: row.chain,
      vector: new Map(row.vector),
      authors: new Map(row.authors.map(([author, seq, hash]) => [author, { seq, hash }])),
      since: { records: row.since[0], bytes: row.since[1] },
      removed: { known: row.removed[0] ?? undefined, since: row.removed[1] },
      own: row.own,
    }
  );
}

function alarmsOf(bytes: Uint8Array): Alarm[] {
  const rows = AlarmRows.safeParse(decode(bytes)).data ?? [];
  return rows.map(({ document, ...rest }) => ({ ...rest, document }));
}

const rowsOf = (alarms: readonly Alarm[]): z.infer<typeof AlarmRows> =>
  alarms.map(({ document, ...rest }) => (document === undefined ? rest : { ...rest, document }));

/** How long changes gather before they are written, ms: what is lost in a crash is read again. */
const gathered = 200;

/** Places in a store of their own. */
export async function openPlaces(options: {
  readonly store: Store;
  readonly timer: (task: () => void, ms: number) => () => void;
  readonly trouble: (error: unknown) => void;
}): Promise<Places> {
  const { store, timer, trouble } = options;
  const incarnations = new Map<string, string>();
  const alarms = new Map<string, readonly Alarm[]>();
  const dirty = new Map<string, Place>();
  const alarmed = new Set<string>();
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();
  for await (const [key, value] of store.scan({ gte: 'mailbox/', lt: 'mailbox0' }))
    incarnations.set(key.slice('mailbox/'.length), new TextDecoder().decode(value));
  for await (const [key, value] of store.scan({ gte: 'alarms/', lt: 'alarms0' }))
    alarms.set(key.slice('alarms/'.length), alarmsOf(value));

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    const writes = [...dirty].map(([key, place]): Write => [key, encode(rowOf(place))]);
    for (const mailbox of alarmed)
      writes.push([alarmsKey(mailbox), encode(rowsOf(alarms.get(mailbox) ?? []))]);
    dirty.clear();
    alarmed.clear();
    if (writes.length > 0)
      writing = writing.then(async () => void (await store.commit(writes))).catch(trouble);
    return writing;
  }

  const soon = (): void => {
    cancel ??= timer(() => void flush(), gathered);
  };

  return {
    incarnation: (mailbox) => incarnations.get(mailbox),
    async begin(mailbox, incarnation) {
      await flush();
      const writes: Write[] = [];
      for await (const [key] of store.scan({ gte: `place/${mailbox}/`, lt: `place/${mailbox}0` }))
        writes.push([key, undefined]);
      await store.commit([...writes, [mailboxKey(mailbox), new TextEncoder().encode(incarnation)]]);
      incarnations.set(mailbox, incarnation);
    },
    async all(mailbox) {
      await flush();
      const found = new Map<string, Place>();
      const prefix = `place/${mailbox}/`;
      for await (const [key, value] of store.scan({ gte: prefix, lt: `place/${mailbox}0` })) {
        const place = placeOf(value);
        if (place) found.set(key.slice(prefix.length), place);
      }
      return found;
    },
    put(mailbox, document, place) {
      dirty.set(placeKey(mailbox, document), place);
      soon();
    },
    alarms: (mailbox) => alarms.get(mailbox) ?? [],
    alarmed(mailbox, alarm) {
      const before = alarms.get(mailbox) ?? [];
      const others = before.filter(
        ({ kind, document }) => kind !== alarm.kind || document !== alarm.document,
      );
      alarms.set(mailbox, [...others, alarm].slice(-mostAlarms));
      alarmed.add(mailbox);
      soon();
    },
    async close() {
      await flush();
    },
  };
}

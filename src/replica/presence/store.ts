import type { Hash, PresenceState } from '../../../schemas/index.ts';
import { presenceStates } from '../../../schemas/index.ts';

/** What one session of a member says. */
export interface Said {
  readonly member: Hash;
  readonly replica: Hash;
  readonly session: string;
  /** Of a member that speaks here and is not made yet. */
  readonly handle?: string | undefined;
  /** Higher replaces lower: ms of the replica's clock, never twice the same. */
  readonly clock: number;
  readonly state: PresenceState;
  readonly task?: Hash | undefined;
  readonly waitingFor?: Hash | undefined;
  readonly note?: string | undefined;
  /** Since when it says so, ms. */
  readonly since: number;
  /** How long it holds, ms. */
  readonly ttl: number;
  /** It is there and says nothing: nothing of it shows. */
  readonly quiet?: boolean | undefined;
  /** As its replica signed it; absent while the member is not made. */
  readonly signed?: { readonly text: string; readonly sig: string } | undefined;
}

/** Names what one session of a member says: member, replica and session. */
export const nameOf = ({ member, replica, session }: Pick<Said, 'member' | 'replica' | 'session'>): string =>
  `${member} ${replica} ${session}`;

/** As it is held here: `until` by this clock. */
export interface Held extends Said {
  readonly until: number;
}

/** Who is present, in memory alone. */
export interface PresenceStore {
  /** For what is said next: higher than any before, and not behind the clock. */
  clock(): number;
  /** What this replica said in an earlier opening, by a clock that was perhaps ahead: the next is higher. */
  follow(clock: number): void;
  /** Takes what is newer than what is known of its session, or the same signed; said `age` ms ago. False: it changed nothing. */
  take(said: Said, age?: number): boolean;
  /** What a session said last, whether or not it holds. */
  last(name: string): Held | undefined;
  /** Whose time is not over, those who said that they are offline too. */
  timely(): readonly Held[];
  /** Forgets what a session says. */
  drop(name: string): void;
  /** What a session says now. */
  of(member: Hash, replica: Hash, session: string): Held | undefined;
  /** Sessions of a member that hold, the one that shows first. */
  shown(member: Hash): readonly Held[];
  members(): readonly Hash[];
  /** When a member last said anything, ms. */
  heard(member: Hash): number | undefined;
  /** Called when what shows of a member is another than before; renewals change nothing. Returns what stops it. */
  onChange(listener: (member: Hash) => void): () => void;
  close(): void;
}

/** Sessions of a member; of more the oldest goes. */
const sessionsOfMember = 32;
/** Sessions that are remembered at all, ended ones too: what is older than its end is not taken again. */
const remembered = 8_192;

const rank = (state: PresenceState): number => presenceStates.indexOf(state);

export function createPresence(options: {
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}): PresenceStore {
  const { now, timer } = options;
  /** By session, the one that was heard of last at the end. */
  const sessions = new Map<string, Held>();
  const heard = new Map<Hash, number>();
  const listeners = new Set<(member: Hash) => void>();
  const told = new Map<Hash, string>();
  let stop: (() => void) | undefined;
  let closed = false;
  let last = 0;

  const holds = (held: Held): boolean => held.state !== 'offline' && !held.quiet && held.until > now();

  function shown(member: Hash): Held[] {
    return [...sessions.values()]
      .filter((held) => held.member === member && holds(held))
      .sort((a, b) => rank(a.state) - rank(b.state) || b.clock - a.clock);
  }

  function tell(member: Hash): void {
    const [first] = shown(member);
    const { state, task, waitingFor, note, since } = first ?? {};
    const text = first ? JSON.stringify([state, task, waitingFor, note, since]) : '';
    if ((told.get(member) ?? '') === text) return;
    if (text === '') told.delete(member);
    else told.set(member, text);
    for (const listener of [...listeners]) listener(member);
  }

  /** Whoever is not renewed goes when its time is over, not when somebody looks. */
  function watch(): void {
    stop?.();
    stop = undefined;
    const next = Math.min(...[...sessions.values()].filter(holds).map(({ until }) => until));
    if (closed || !Number.isFinite(next)) return;
    stop = timer(
      () => {
        for (const member of [...told.keys()]) tell(member);
        watch();
      },
      Math.max(1, next - now()),
    );
  }

  function keepFew(member: Hash): void {
    const mine = [...sessions].filter(([, held]) => held.member === member);
    for (const [name] of mine.slice(0, Math.max(0, mine.length - sessionsOfMember))) sessions.delete(name);
    const [oldest] = sessions.keys();
    if (sessions.size > remembered && oldest !== undefined) sessions.delete(oldest);
  }

  return {
    clock() {
      last = Math.max(now(), last + 1);
      return last;
    },
    follow(clock) {
      last = Math.max(last, clock);
    },
    take(said, age = 0) {
      const name = nameOf(said);
      const known = sessions.get(name);
      const endorses = known?.clock === said.clock && said.signed !== undefined && !known.signed;
      if (closed || (known && known.clock >= said.clock && !endorses)) return false;
      sessions.delete(name);
      sessions.set(name, { ...said, until: now() + said.ttl - age });
      if (!said.quiet) heard.set(said.member, Math.max(heard.get(said.member) ?? 0, now() - age));
      keepFew(said.member);
      tell(said.member);
      watch();
      return true;
    },
    of(member, replica, session) {
      const held = sessions.get(nameOf({ member, replica, session }));
      return held && holds(held) ? held : undefined;
    },
    last: (name) => sessions.get(name),
    timely: () => [...sessions.values()].filter(({ until }) => until > now()),
    drop(name) {
      const held = sessions.get(name);
      if (!held) return;
      sessions.delete(name);
      tell(held.member);
      watch();
    },
    shown,
    members: () => [...new Set([...sessions.values()].filter(holds).map(({ member }) => member))],
    heard: (member) => heard.get(member),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      stop?.();
      listeners.clear();
    },
  };
}

import { type Hash, PresenceStatement } from '../../../schemas/index.ts';
import { type Crypto, type Signer, utf8 } from '../../op/index.ts';
import type { SessionId, Statement, Statements } from '../../sync/port.ts';
import type { Membership } from '../ledger/membership.ts';
import { type Held, nameOf, type PresenceStore, type Said } from './store.ts';

/** Clocks of replicas may differ by so much, ms: what one further off says is not taken. */
const skew = 5 * 60 * 1000;
/** Statements that wait for what the members log does not say yet. */
const mostWaiting = 256;

/**
 * Why a statement was not taken: it cannot be read; its signature does not hold; its replica does not speak for the
 * member, or was revoked; its time is over, or is not now; nobody knows its replica or member.
 */
type Fault = 'malformed' | 'forged' | 'spoofed' | 'untimely' | 'unknown';

/** What replicas tell each other of presence. */
export interface PresenceStatements extends Statements {
  /** Signs what a session here says and tells it, once its member is made. */
  say(said: Said): void;
  /** The members log may say more, or less. */
  look(): void;
  /** By how much clocks of replicas are ahead of the clock here, ms, where what they say is not taken for that. */
  clocks(): ReadonlyMap<Hash, number>;
}

const lies = {
  forged: 'the signature of a statement does not hold',
  spoofed: 'its replica does not speak for the member',
};

interface Waiting {
  readonly statement: Statement;
  readonly from: SessionId;
  readonly at: number;
}

/** What is signed: with the workspace, so that it says nothing in another, and apart from all else that is signed. */
export const statementBytes = (workspace: string, text: string): Uint8Array =>
  utf8(`coterie presence 1\n${workspace}\n${text}`);

function read(text: string): PresenceStatement | undefined {
  try {
    const parsed = PresenceStatement.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.since <= parsed.data.clock ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

export function createStatements(options: {
  readonly workspace: string;
  readonly store: PresenceStore;
  readonly membership: Pick<Membership, 'state' | 'keyOf'>;
  readonly signer: Signer;
  readonly crypto: Pick<Crypto, 'verify'>;
  readonly now: () => number;
  /** Hears of what no honest replica sends or passes on. */
  readonly turnedAway: (reason: string, from: SessionId) => void;
}): PresenceStatements {
  const { workspace, store, membership, signer, crypto, now } = options;
  const listeners = new Set<(name: string, origin: SessionId | undefined) => void>();
  /** By name, the first to come first. */
  const waiting = new Map<string, Waiting>();
  const faults = new Map<Fault, number>();
  const clocks = new Map<Hash, number>();

  const fault = (why: Fault): void => void faults.set(why, (faults.get(why) ?? 0) + 1);

  /** What shows who lies. */
  function lie(why: 'forged' | 'spoofed', from: SessionId): void {
    fault(why);
    options.turnedAway(`${why}: ${lies[why]}`, from);
  }

  function told(name: string, origin: SessionId | undefined): void {
    for (const listener of [...listeners]) listener(name, origin);
  }

  /** Whether a replica speaks for a member now; `unknown` where the members log does not say who one of them is. */
  function standing({ replica, member }: Pick<Said, 'replica' | 'member'>): 'speaks' | 'not' | 'unknown' {
    const admissions = membership.state.replicas.get(replica)?.admissions;
    const hosts = membership.state.members.get(member)?.replicas;
    if (!admissions || !hosts) return 'unknown';
    const inForce = admissions.some(({ ended }) => ended.length === 0);
    return inForce && hosts.includes(replica) ? 'speaks' : 'not';
  }

  const ageOf = ({ until, ttl }: Held): number => Math.max(0, now() - (until - ttl));

  function wait(name: string, one: Waiting): void {
    waiting.delete(name);
    waiting.set(name, one);
    const [oldest] = waiting.keys();
    if (waiting.size <= mostWaiting || oldest === undefined) return;
    waiting.delete(oldest);
    fault('unknown');
  }

  async function isSigned({ replica }: Said, { text, sig }: Statement): Promise<boolean> {
    const key = membership.keyOf(replica);
    return key !== undefined && (await crypto.verify(key, statementBytes(workspace, text), sig));
  }

  async function judge(one: Waiting): Promise<void> {
    const { statement, from, at } = one;
    const { text, sig } = statement;
    const said = read(text);
    if (!said) return fault('malformed');
    const name = nameOf(said);
    const age = statement.age + Math.max(0, now() - at);
    // In a circle of replicas each statement comes again.
    if ((store.last(name)?.clock ?? -1) >= said.clock || age >= said.ttl) return;
    const ahead = said.clock - now();
    if (ahead > skew || -ahead >= said.ttl + skew) {
      fault('untimely');
      // Whose age brings it to the time here was said long ago; else one of the two clocks is off.
      if (Math.abs(ahead + age) > skew && (await isSigned(said, statement)))
        clocks.set(said.replica, ahead + age);
      return;
    }
    const stands = standing(said);
    if (stands === 'unknown') return wait(name, one);
    if (!(await isSigned(said, statement))) return lie('forged', from);
    clocks.delete(said.replica);
    if (standing(said) !== 'speaks') return lie('spoofed', from);
    if (said.replica === signer.id) store.follow(said.clock);
    // Who passes it on may say any age; its own time bounds it nevertheless.
    const least = now() - said.clock - skew;
    if (store.take({ ...said, signed: { text, sig } }, Math.max(age, least))) told(name, from);
  }

  async function sign(said: Said): Promise<void> {
    const { handle: _, signed: __, ...plain } = said;
    const statement = PresenceStatement.parse(plain);
    const text = JSON.stringify(statement);
    const sig = await signer.sign(statementBytes(workspace, text));
    const name = nameOf(said);
    const held = store.last(name);
    // Something newer was said meanwhile.
    if (held?.clock !== said.clock || standing(said) !== 'speaks') return;
    if (store.take({ ...said, signed: { text, sig } }, ageOf(held))) told(name, undefined);
  }

  const isOurs = ({ replica }: Said): boolean => replica === signer.id;

  function say(said: Said): void {
    // Where it can't be signed it is told to nobody: here it stands.
    if (isOurs(said) && standing(said) === 'speaks') sign(said).catch(() => undefined);
  }

  return {
    say,
    look() {
      const all = [...waiting.values()];
      waiting.clear();
      for (const one of all) judge(one).catch(() => undefined);
      for (const held of store.timely())
        if (!held.signed) say(held);
        else if (standing(held) !== 'speaks') store.drop(nameOf(held));
    },
    faults: () => faults,
    clocks: () => clocks,
    names: () => store.timely().flatMap((held) => (held.signed ? [nameOf(held)] : [])),
    named(name) {
      const held = store.last(name);
      return held?.signed && held.until > now() ? { ...held.signed, age: ageOf(held) } : undefined;
    },
    async take(statement, from) {
      await judge({ statement, from, at: now() }).catch(() => fault('malformed'));
    },
    onNew(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

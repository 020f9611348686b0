import { describe, expect, it } from 'vitest';
import { type LoginBounds, openLogins } from '../../../relay/http/session/logins.ts';
import type { Caller } from '../../../relay/proof/callers.ts';
import { CoterieError } from '../../../schemas/index.ts';

const bounds: LoginBounds = { login: 10, idle: 100, whole: 1_000, logins: 3, sessions: 3 };

/** A member by a token, which can be taken away. */
function member(handle: string): { readonly caller: Caller; revoke(): void } {
  let fault: CoterieError | undefined;
  const caller: Caller = {
    name: handle,
    handle,
    replica: undefined,
    expires: undefined,
    opens: () => true,
    surface: () => {
      throw new Error('no verbs here');
    },
    role: () => 'member',
    speaksAs: (name) => name === handle,
    fault: () => fault,
  };
  return {
    caller,
    revoke() {
      fault = new CoterieError('unauthorized', 'gone');
    },
  };
}

function at() {
  let now = 1_000;
  const logins = openLogins(() => now, bounds);
  const kai = member('kai');
  return {
    logins,
    kai,
    wait: (ms: number): void => {
      now += ms;
    },
    begin: (of = kai.caller) => logins.begin(logins.make(of).secret),
  };
}

const refused = expect.objectContaining({ code: 'unauthorized', hint: 'Run: coterie open' }) as Error;

describe('logins of pages', () => {
  it('RLY-30: a login is good once, for the member that made it', () => {
    const { logins, kai } = at();
    const { secret } = logins.make(kai.caller);
    const { caller, session } = logins.begin(secret);
    expect([caller.handle, caller.session, session.handle]).toEqual(['kai', session.id, 'kai']);
    expect(() => logins.begin(secret)).toThrow(refused);
    for (const other of ['', 'x', 'A'.repeat(43), `${secret}x`])
      expect(() => logins.begin(other)).toThrow(refused);
  });

  it('RLY-30: a login is over after its time, used or not', () => {
    const { logins, kai, wait } = at();
    const [early, late] = [logins.make(kai.caller), logins.make(kai.caller)];
    wait(9);
    logins.begin(early.secret);
    wait(1);
    expect(() => logins.begin(late.secret)).toThrow(refused);
  });

  it('RLY-30: of one member so many logins wait, the oldest go; another’s stay', () => {
    const { logins, kai } = at();
    const theirs = logins.make(member('lee').caller);
    const mine = [1, 2, 3, 4].map(() => logins.make(kai.caller).secret);
    expect(() => logins.begin(mine[0] ?? '')).toThrow(refused);
    for (const secret of [...mine.slice(1), theirs.secret]) logins.begin(secret);
  });

  it('RLY-30: a session makes no login, and neither does a replica that speaks for no member', () => {
    const { logins, kai, begin } = at();
    for (const caller of [begin().caller, { ...kai.caller, handle: undefined }])
      expect(() => logins.make(caller)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error);
  });

  it('RLY-30: a login of a member whose token is gone begins nothing', () => {
    const { logins, kai } = at();
    const { secret } = logins.make(kai.caller);
    kai.revoke();
    expect(() => logins.begin(secret)).toThrow('gone');
  });
});

describe('sessions of pages', () => {
  it('RLY-31: a session ends when nothing was asked in it for so long, and after its whole time', () => {
    const { logins, wait, begin } = at();
    const idle = begin();
    wait(99);
    expect(logins.of(idle.secret)?.handle).toBe('kai');
    wait(100);
    expect(logins.of(idle.secret)).toBeUndefined();
    const busy = begin();
    expect(busy.caller.expires).toBe(busy.session.began + 1_000);
    for (let turn = 0; turn < 10; turn++) {
      wait(99);
      expect(logins.of(busy.secret)).toBeDefined();
    }
    wait(10);
    expect(logins.of(busy.secret)).toBeUndefined();
    expect(busy.caller.fault()?.code).toBe('unauthorized');
  });

  it('RLY-31: what is open in a session keeps it from being idle', () => {
    const { logins, wait, begin } = at();
    const { secret, caller } = begin();
    wait(60);
    expect(caller.fault()).toBeUndefined();
    wait(60);
    expect(logins.of(secret)).toBeDefined();
  });

  it('RLY-31: ends with the token that it stands for, and when it is ended; who watches is told', () => {
    const { logins, kai, begin } = at();
    let told = 0;
    const stop = logins.onEnded(() => {
      told += 1;
    });
    const [one, other] = [begin(), begin()];
    expect(logins.list('kai').map(({ id }) => id)).toEqual([other.session.id, one.session.id]);
    logins.end([one.session.id]);
    expect([told, logins.of(one.secret), one.caller.fault()?.code]).toEqual([1, undefined, 'unauthorized']);
    expect(logins.of(other.secret)).toBeDefined();
    kai.revoke();
    expect([logins.of(other.secret), told, logins.list('kai')]).toEqual([undefined, 2, []]);
    stop();
    logins.end([other.session.id]);
    expect(told).toBe(2);
  });

  it('RLY-31: of one member there are so many sessions, the oldest end', () => {
    const { logins, begin } = at();
    const all = [begin(), begin(), begin(), begin()];
    expect(all.map(({ secret }) => logins.of(secret) !== undefined)).toEqual([false, true, true, true]);
  });
});

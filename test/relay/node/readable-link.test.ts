import { describe, expect, it } from 'vitest';
import { readableLink } from '../../../relay/node/readable-link.ts';
import type { RemoteStatus } from '../../../relay/node/remoting.ts';
import { CoterieError, type ErrorCode } from '../../../schemas/index.ts';

const standing = { state: 'linked', since: 0, lag: 0, acknowledged: 0, trouble: undefined } as const;

/** A link whose time is told, over a dialler whose state is told. */
function told(trouble: ErrorCode) {
  const status: RemoteStatus = { ...standing, state: 'refused', trouble: { code: trouble, message: '' } };
  const at = { now: 0, dialled: 0, linked: false, fails: true, asked: [] as [number, string][] };
  let task: (() => void) | undefined;
  const ask = (what: string) => async () => {
    at.asked.push([at.now, what]);
    if (at.fails) throw new CoterieError('not_admitted', 'who is that?');
  };
  const link = readableLink({
    dial() {
      at.dialled += 1;
      return { status: () => (at.linked ? standing : status), close: () => undefined };
    },
    enrol: ask('enrol'),
    learn: ask('learn'),
    now: () => at.now,
    timer(next, ms) {
      task = () => {
        at.now += ms;
        next();
      };
      return () => {
        task = undefined;
      };
    },
  });
  async function looks(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      task?.();
      await Promise.resolve();
      await Promise.resolve();
    }
  }
  return { at, link, looks };
}

describe('the link with a readable relay', () => {
  it.each([
    ['not_found', 'enrol'],
    ['forbidden', 'learn'],
  ] as const)(
    'HST-3 HST-4: at %s it is asked to %s, again soon and then less often, until it is linked',
    async (trouble, remedy) => {
      const { at, link, looks } = told(trouble);
      await looks(30);
      const times = at.asked.map(([when]) => when);
      expect(new Set(at.asked.map(([, what]) => what))).toEqual(new Set([remedy]));
      expect(times.slice(0, 6)).toEqual(
        [2_000, 6_000, 14_000, 30_000, 50_000, 70_000].slice(0, times.length),
      );
      expect(link.status().trouble?.code).toBe('not_admitted');
      expect(at.dialled).toBe(1);
      at.fails = false;
      await looks(10);
      expect(at.dialled).toBe(2);
      at.linked = true;
      const before = at.asked.length;
      await looks(20);
      expect(at.asked.length).toBe(before);
      expect(link.status()).toEqual(standing);
      at.linked = false;
      await looks(1);
      expect(at.asked.length).toBe(before + 1);
      link.close();
      await looks(5);
      expect(at.asked.length).toBe(before + 1);
    },
  );

  it('anything else is waited out', async () => {
    const { at, looks } = told('unreachable');
    await looks(30);
    expect(at.asked).toEqual([]);
  });
});

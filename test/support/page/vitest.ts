// What stands for `vitest` in a page: the cases that a suite names, to be run one by one, with Vitest's own `expect`.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';

/** What the test run asks of a page. */
export interface Cases {
  /** In the order in which they were named: the suites that they are in, and what they hold to. */
  readonly names: readonly (readonly string[])[];
  /** Runs one. Resolves with why it failed, or nothing. */
  run(at: number): Promise<{ readonly message: string; readonly stack: string } | undefined>;
}

type Work = () => void | Promise<void>;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect: Chai.ExpectStatic = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  (globalThis as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT],
);

const suites: string[] = [];
const cases: { readonly names: readonly string[]; readonly work: Work }[] = [];
let finish: Work[] = [];

export function describe(name: string, work: () => void): void {
  suites.push(name);
  work();
  suites.pop();
}

export function it(name: string, work: Work): void {
  cases.push({ names: [...suites, name], work });
}

it.each =
  <T>(values: readonly T[]) =>
  (name: string, work: (value: T) => void | Promise<void>): void => {
    for (const value of values) it(name.replace('%s', String(value)), () => work(value));
  };

export const onTestFinished = (work: Work): void => void finish.push(work);

const all: Cases = {
  get names() {
    return cases.map(({ names }) => names);
  },
  async run(at) {
    finish = [];
    try {
      await cases[at]?.work();
    } catch (error) {
      const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      return { message, stack };
    } finally {
      for (const work of finish.reverse()) await work();
    }
    return undefined;
  },
};
Object.assign(globalThis, { cases: all });

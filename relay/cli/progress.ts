import type { Progress } from '../../schemas/index.ts';
import type { Output } from './output.ts';

/** Shows how far long work is. */
export interface Shown {
  readonly progress: (progress: Progress) => void;
  /** Takes a bar off the terminal. */
  end(): void;
}

/** A plain line at most this often, ms: a log is read later, by people and programs. */
const SELDOM = 5000;
/** Work that is done sooner than this shows nothing. */
const PATIENCE = 400;

/** A bar on a terminal, now and then a plain line elsewhere; on stderr either way. */
export function progressTo(out: Output): Shown {
  const begun = Date.now();
  return out.interactive ? bar(begun) : sparse(out, begun);
}

function sparse(out: Output, begun: number): Shown {
  let last = begun;
  return {
    progress({ stage, done, total }) {
      const now = Date.now();
      if (now - last < SELDOM) return;
      last = now;
      out.note(`coterie: ${stage} ${done}${total === null ? '' : ` of ${total}`}`);
    },
    end: () => undefined,
  };
}

interface Bar {
  start(total: number, done: number, payload: object): void;
  setTotal(total: number): void;
  update(done: number, payload: object): void;
  stop(): void;
}

function bar(begun: number): Shown {
  let made: Bar | 'loading' | undefined;
  let ended = false;
  let newest: Progress | undefined;
  const draw = (on: Bar) => {
    if (newest === undefined) return;
    const { stage, done, total } = newest;
    on.setTotal(total ?? Math.max(done, 1));
    on.update(done, { stage });
  };
  const load = async () => {
    const { default: cli } = await import('cli-progress');
    if (ended) return;
    const format = '{stage} {bar} {value}/{total}';
    const on = new cli.SingleBar(
      { stream: process.stderr, format, clearOnComplete: true, hideCursor: true, barsize: 30 },
      cli.Presets.rect,
    );
    on.start(newest?.total ?? Math.max(newest?.done ?? 1, 1), newest?.done ?? 0, {
      stage: newest?.stage ?? '',
    });
    made = on;
    draw(on);
  };
  return {
    progress(what) {
      newest = what;
      if (made === undefined && Date.now() - begun > PATIENCE) {
        made = 'loading';
        void load();
      } else if (made !== undefined && made !== 'loading') draw(made);
    },
    end() {
      ended = true;
      if (made !== undefined && made !== 'loading') made.stop();
      made = undefined;
    },
  };
}

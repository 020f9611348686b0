import type { EventSourceMessage } from 'eventsource-parser';

/** Events as they come, by whichever stream. */
export interface Gathered {
  readonly events: EventSourceMessage[];
  add(event: EventSourceMessage): void;
  /** Resolves when so many events are there; rejects when the stream ends before. */
  until(count: number): Promise<EventSourceMessage[]>;
}

export function gathered(ended: Promise<void>): Gathered {
  const events: EventSourceMessage[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    add(event) {
      events.push(event);
      for (const look of waiting) look();
    },
    until: (count) =>
      new Promise((enough, fail) => {
        const look = (): void => {
          if (events.length < count) return;
          waiting.delete(look);
          enough(events.slice(0, count));
        };
        waiting.add(look);
        void ended.then(() => fail(new Error(`the stream ended after ${events.length} of ${count} events`)));
        look();
      }),
  };
}

import { signal } from '@preact/signals';

/** Of what in a channel this browser tells: everything, what needs the person, or nothing. */
export const levels = ['all', 'needed', 'none'] as const;
export type Level = (typeof levels)[number];

/** What a person chose in this browser. */
export interface Choices {
  readonly on: boolean;
  /** Until then nothing is told, ms since 1970; 0: no such time. */
  readonly quietUntil: number;
  /** By channel id; `needed` where there is none. */
  readonly channels: Readonly<Record<string, Level>>;
}

const place = 'coterie.notify';
const nothing: Choices = { on: false, quietUntil: 0, channels: {} };

function kept(): Choices {
  try {
    return { ...nothing, ...JSON.parse(localStorage.getItem(place) ?? '{}') };
  } catch {
    return nothing;
  }
}

export const choices = signal<Choices>(kept());

export function choose(change: Partial<Choices>): void {
  choices.value = { ...choices.value, ...change };
  localStorage.setItem(place, JSON.stringify(choices.value));
}

export const levelOf = (channel: string): Level => choices.value.channels[channel] ?? 'needed';

export const chooseLevel = (channel: string, level: Level): void =>
  choose({ channels: { ...choices.value.channels, [channel]: level } });

/** Whether anything may be told at this time, ms since 1970. */
export const isQuiet = ({ on, quietUntil }: Choices, now: number): boolean => !on || now < quietUntil;

// Another tab chose.
addEventListener('storage', ({ key }) => {
  if (key === place) choices.value = kept();
});

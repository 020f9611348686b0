import { signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof themes)[number];

const place = 'coterie.theme';
const kept = themes.find((one) => one === localStorage.getItem(place)) ?? 'system';

export const theme = signal<Theme>(kept);

/** Shows the page in a theme, and keeps that in this browser. */
export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(place, chosen);
  show(chosen);
}

function show(chosen: Theme): void {
  const { dataset } = document.documentElement;
  if (chosen === 'system') delete dataset['theme'];
  else dataset['theme'] = chosen;
}

// As soon as the page runs, before anything is on the screen.
show(kept);

import { realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../settings.ts';

/** The words that start this program from any directory, without a PATH: Node and the file, both absolute. */
export const program = (): readonly [node: string, main: string] => [
  process.execPath,
  fileURLToPath(new URL('../coterie.cjs', import.meta.url)),
];

/** A text as one word of a shell; one that means itself stays as it is. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags that were typed and that the next command needs again: what stands in the environment is there for it too. */
function flagsAgain({ data, as, url }: Settings, env: Environment): string[] {
  const again = (flag: string, value: string | undefined, variable: string) =>
    value === undefined || value === env[variable] ? [] : [flag, value];
  return [
    ...again('--data', data === undefined ? undefined : resolve(data), 'COTERIE_DATA'),
    ...again('--as', as, 'COTERIE_AS'),
    ...again('--url', url, 'COTERIE_URL'),
  ];
}

/** Whether `coterie` is this program for whoever has this PATH. What npx adds is gone in the next shell. */
function onPath(env: Environment, main: string): boolean {
  const places = (env['PATH'] ?? '').split(delimiter);
  return places.some((place) => {
    if (place === '' || /node_modules[\\/]\.bin[\\/]?$/.test(place)) return false;
    try {
      return realpathSync(join(place, 'coterie')) === realpathSync(main);
    } catch {
      return false;
    }
  });
}

/** What has to be typed in place of `coterie`; that word itself where it will do. */
export function typedAs(settings: Settings, env: Environment): string {
  const [node, main] = program();
  const words = onPath(env, main) ? ['coterie'] : [node, main];
  return [...words, ...flagsAgain(settings, env)].map(quoted).join(' ');
}

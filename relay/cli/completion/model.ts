import { presenceStates } from '../../../schemas/api/presence.ts';
import { linkKinds, memoryKinds, priorities, roles, taskStatuses } from '../../../schemas/index.ts';
import { type Flag, globalFlags, type Row, type Table } from '../row.ts';
import { toolNames } from '../setup/tools.ts';

/** What can stand in one place: some words, paths of files or of directories, or anything, of which nothing is known. */
export type Values = readonly string[] | 'files' | 'directories' | undefined;

export interface FlagModel {
  readonly flag: string;
  readonly about: string;
  readonly takesValue: boolean;
  readonly values: Values;
}

/** What can follow some words: `''`, a noun, or a verb. */
export interface Place {
  readonly path: string;
  readonly words: readonly (readonly [word: string, about: string])[];
  readonly flags: readonly FlagModel[];
  /** Its arguments, one after the other; the last one again and again where it may be repeated. */
  readonly args: readonly Values[];
  readonly repeats: boolean;
}

export interface Model {
  readonly nouns: readonly string[];
  /** Flags that take a value, wherever they stand. */
  readonly valued: readonly string[];
  readonly places: readonly Place[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;

/** What the words in brackets stand for; with the verb before them where that matters. */
const known: Readonly<Record<string, Values>> = {
  dir: 'directories',
  path: 'files',
  file: 'files',
  backup: 'directories',
  tool: toolNames,
  shell: shells,
  format: ['slack', 'beads', 'coterie'],
  role: roles,
  status: taskStatuses,
  p: priorities,
  level: ['sync', 'os'],
  embedder: ['built-in', 'off', 'openai', 'ollama'],
  certainty: ['tentative', 'granted'],
  decision: ['accept', 'reject'],
  order: ['newest', 'oldest'],
  whom: ['me'],
  glob: 'files',
  'presence state': presenceStates,
  'reservations state': ['held', 'expired', 'released', 'all'],
  'remember kind': memoryKinds,
  'memory list kind': memoryKinds,
  'search kind': ['message', 'task', 'memory'],
  'task link kind': linkKinds,
  'task unlink kind': linkKinds,
};

const valuesOf = (verb: string, name: string): Values => known[`${verb} ${name}`] ?? known[name];

function flagModel(verb: string, [written, about]: Flag): FlagModel {
  const [flag = '', value] = written.split(' ');
  const name = value?.replace(/[<>]/g, '');
  return {
    flag,
    about,
    takesValue: name !== undefined,
    values: name === undefined ? undefined : valuesOf(verb, name),
  };
}

const help: Flag = ['--help', 'what it does, with an example'];

function placeOf(row: Row): Place {
  const all = [...globalFlags, help].filter(([written]) => {
    const name = written.split(' ')[0] ?? '';
    return !row.ignores?.includes(name) && !row.instead?.some(([other]) => other.split(' ')[0] === name);
  });
  const takes = row.takes?.split(' ') ?? [];
  return {
    path: row.name,
    words: [],
    flags: [...(row.flags ?? []), ...(row.instead ?? []), ...all].map((flag) => flagModel(row.name, flag)),
    args: takes.map((one) => valuesOf(row.name, one.replace(/[<>[\].]/g, ''))),
    repeats: takes.at(-1)?.includes('...') === true,
  };
}

/** What the shells are told, from the table of verbs. */
export function model({ rows, nouns }: Table): Model {
  const noun = (name: string): Place => ({
    path: name,
    words: rows
      .filter((row) => row.name.startsWith(`${name} `))
      .map((row) => [row.name.slice(name.length + 1), row.summary]),
    flags: [flagModel('', help)],
    args: [],
    repeats: false,
  });
  const first = rows.filter((row) => !row.name.includes(' ')).map((row) => [row.name, row.summary] as const);
  const places: Place[] = [
    {
      path: '',
      words: [...first, ...Object.entries(nouns)],
      flags: [...globalFlags, help, ['--version', 'the version'] as const].map((flag) => flagModel('', flag)),
      args: [],
      repeats: false,
    },
    ...Object.keys(nouns).map(noun),
    ...rows.map(placeOf),
  ];
  const valued = new Set(
    places.flatMap(({ flags }) => flags.filter((flag) => flag.takesValue).map(({ flag }) => flag)),
  );
  return { nouns: Object.keys(nouns), valued: [...valued], places };
}

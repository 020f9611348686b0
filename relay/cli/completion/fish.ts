import type { FlagModel, Model, Place, Values } from './model.ts';

/** In fish a backslash and a quote are all that needs care between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const taking = (values: Values): string => {
  if (values === 'files') return ' -r -F';
  if (values === 'directories') return ` -x -a '(__fish_complete_directories)'`;
  return values === undefined ? ' -x' : ` -x -a ${quoted(values.join(' '))}`;
};

const argument = (condition: string, values: Values): string[] => {
  if (values === undefined) return [];
  const what =
    values === 'files'
      ? '-F'
      : `-a ${values === 'directories' ? `'(__fish_complete_directories)'` : quoted(values.join(' '))}`;
  return [`complete -c coterie -n ${condition} ${what}`];
};

/** The script for fish, 3.0 and later. */
export function fish(model: Model): string {
  const at = (path: string, from: number, to: number) => `"__coterie_at ${quoted(path)} ${from} ${to}"`;
  const flag = (path: string) => (one: FlagModel) =>
    `complete -c coterie -n ${at(path, 0, 999)} -l ${one.flag.replace(/^--/, '')}${one.takesValue ? taking(one.values) : ''} -d ${quoted(one.about)}`;
  const lines = model.places.flatMap((place: Place) => [
    ...place.words.map(
      ([word, about]) =>
        `complete -c coterie -n ${at(place.path, 0, 0)} -a ${quoted(word)} -d ${quoted(about)}`,
    ),
    ...place.flags.map(flag(place.path)),
    ...place.args.flatMap((values, index) =>
      argument(at(place.path, index, place.repeats && index === place.args.length - 1 ? 999 : index), values),
    ),
  ]);
  return `# Completion of coterie for fish. To use it: coterie completion fish | source
function __coterie_at --argument-names wanted from to --description 'Whether the words before the cursor are this verb'
    set -l path
    set -l n 0
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- $word ${model.valued.join(' ')}
            and set skip 1
        else if test (count $path) = 0
            set path $word
        else if test (count $path) = 1; and contains -- $path[1] ${model.nouns.join(' ')}
            set -a path $word
        else
            set n (math $n + 1)
        end
    end
    test "$path" = "$wanted"; and test $n -ge $from; and test $n -le $to
end

complete -c coterie -f
${lines.join('\n')}
`;
}

import { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
import { misuse } from './call.ts';
import { type Flag, globalFlags, type Row } from './row.ts';
import { groups, nouns, rows } from './rows/index.ts';

/** What was typed, understood. */
export type Parsed =
  | {
      readonly row: Row;
      readonly args: readonly (string | readonly string[] | undefined)[];
      readonly flags: Readonly<Record<string, unknown>>;
    }
  /** Help or the version, to be printed. */
  | { readonly print: string };

const takesValue = (flag: Flag): boolean => flag[0].includes('<');
const nameOf = (flag: Flag): string => flag[0].split(' ')[0] ?? '';

/** The words with a verb among them, and where it stands: a bare `coterie`, or one with flags alone, means `up`. */
export function withVerb(argv: readonly string[]): { words: string[]; at: number } {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (['-h', '--help', '-V', '--version'].includes(word)) return { words: [...argv], at };
    const known = globalFlags.find((flag) => word === nameOf(flag) || word.startsWith(`${nameOf(flag)}=`));
    if (known === undefined) {
      if (!word.startsWith('-') || word === '--') return { words: [...argv], at };
      return { words: [...argv.slice(0, at), 'up', ...argv.slice(at)], at };
    }
    if (takesValue(known) && !word.includes('=')) at++;
  }
  return { words: [...argv, 'up'], at: argv.length };
}

/**
 * Whether this is the hook of an agent's program, known or not: it ends with 0 whatever happens, for there another
 * code stops the agent. Hooks of git are lower case, and may.
 */
export function isHarmless(argv: readonly string[]): boolean {
  const { words, at } = withVerb(argv);
  return words[at] === 'hook' && /^[A-Z]/.test(words[at + 1] ?? '');
}

/** The one row that is meant, or all where that is not plain: making a parser for every verb takes a while. */
function rowsFor({ words, at }: { words: string[]; at: number }): readonly Row[] {
  const names = [`${words[at]} ${words[at + 1]}`, words[at]];
  const meant = rows.find((row) => names.includes(row.name));
  return meant ? [meant] : rows;
}

/** Reads the command line; rejects with `usage` for what it cannot mean. */
export async function parse(argv: readonly string[], version: () => string): Promise<Parsed> {
  let parsed: Parsed | undefined;
  let printed = '';
  const program = new Command('coterie')
    .description('A workspace that a team of agents and people share.')
    .option('-V, --version', 'print the version')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      // What goes here comes back as the message of the error.
      writeErr: () => undefined,
      getOutHasColors: () => false,
    })
    .exitOverride();
  for (const flag of globalFlags) program.addOption(option(flag));
  const typed = withVerb(argv);
  addRows(program, rowsFor(typed), (row, args, flags) => {
    parsed = { row, args, flags };
  });
  const asked = () => program.opts<{ version?: boolean }>().version === true;
  try {
    await program.parseAsync(typed.words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { print: printed };
    if (asked()) return { print: version() };
    throw await usage(error, program, argv);
  }
  if (asked()) return { print: version() };
  return parsed ?? { print: program.helpInformation() };
}

function addRows(
  program: Command,
  wanted: readonly Row[],
  chosen: (row: Row, args: Command['processedArgs'], flags: Record<string, unknown>) => void,
): void {
  const parents = new Map<string, Command>();
  for (const [title, group] of groups) {
    for (const row of group.filter((one) => wanted.includes(one))) {
      const [first = '', second] = row.name.split(' ');
      let parent = program;
      if (second !== undefined) {
        parent = parents.get(first) ?? noun(program, first, title);
        parents.set(first, parent);
      }
      const command = parent.command(second ?? first).summary(row.summary);
      command.description(row.summary).addHelpText('after', `\nFor example:\n  ${row.example}`);
      if (second === undefined) command.helpGroup(`${title}:`);
      for (const argument of row.takes?.split(' ') ?? []) command.argument(argument);
      for (const flag of row.flags ?? []) command.addOption(option(flag));
      if (row.ignores || row.instead) command.configureHelp(helpOf(row));
      command.action(() => chosen(row, command.processedArgs, command.optsWithGlobals()));
    }
  }
}

/** Help of a verb to which not every flag of all verbs means the same. */
const helpOf = ({ ignores = [], instead = [] }: Row): Partial<Help> => ({
  showGlobalOptions: true,
  visibleGlobalOptions(command) {
    const all = Help.prototype.visibleGlobalOptions.call(this, command);
    return all
      .filter(({ long }) => !ignores.includes(long ?? ''))
      .map((one) => {
        const other = instead.find((flag) => nameOf(flag) === one.long);
        return other ? option(other) : one;
      });
  },
});

/** A noun alone is no verb: it says which there are. */
const noun = (program: Command, name: string, group: string): Command =>
  program
    .command(name)
    .description(nouns[name] ?? '')
    .helpGroup(`${group}:`);

function option([written, does, read]: Flag): Option {
  const made = new Option(written, does);
  if (read === 'number') made.argParser(wholeNumber);
  if (read === 'many')
    made.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return made;
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}

/** An error of the parser as one of the closed list, with what may have been meant in `legal`. */
async function usage(error: CommanderError, program: Command, argv: readonly string[]): Promise<Error> {
  const [first, ...more] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (?:one of )?(.+)\?\)/.exec(more.join(' '))?.[1]?.split(', ');
  if (error.code === 'commander.help') {
    const name = withVerb(argv).words.find((word) => Object.hasOwn(nouns, word)) ?? '';
    const verbs = rows
      .filter((row) => row.name.startsWith(`${name} `))
      .map((row) => row.name.slice(name.length + 1));
    return misuse(`${name} needs a verb`, `One of: ${verbs.join(', ')}`, verbs);
  }
  const unknown = /^unknown command '(.+)'$/.exec(first ?? '')?.[1];
  const elsewhere = unknown === undefined ? [] : verbsNamed(unknown);
  if (elsewhere.length > 0) return misuse(first ?? '', `Did you mean ${either(elsewhere)}?`, elsewhere);
  const hint = meant ? `Did you mean ${either(meant)}?` : `See: ${helpFor(program, argv)}`;
  return misuse(first ?? 'the command line makes no sense', hint, meant);
}

const either = (words: readonly string[]): string => words.join(' or ');

/** What people type for what is called otherwise here. */
const otherwise: Readonly<Record<string, string>> = {
  send: 'post',
  say: 'post',
  reply: 'post',
  start: 'up',
  serve: 'up',
  delete: 'redact',
  remove: 'redact',
  unread: 'catch-up',
  notifications: 'inbox',
  log: 'activity',
  whoami: 'prime',
  done: 'task move',
};

/** Verbs of nouns by their second word alone, and those that are known by another word. */
function verbsNamed(word: string): string[] {
  const other = otherwise[word];
  const under = rows.filter((row) => row.name.split(' ')[1] === word).map((row) => row.name);
  return [...(other === undefined ? [] : [other]), ...under];
}

function helpFor(program: Command, argv: readonly string[]): string {
  const words: string[] = [];
  let at: Command | undefined = program;
  for (const word of withVerb(argv).words) {
    const next: Command | undefined = at.commands.find((command) => command.name() === word);
    if (next === undefined) continue;
    words.push(word);
    at = next;
  }
  return ['coterie', ...words, '--help'].join(' ');
}

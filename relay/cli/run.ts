import { failure } from '../../src/client/call.ts';
import type { Call } from './call.ts';
import { embeddingsOf, flagsSayEmbeddings } from './embeddings.ts';
import { createOutput, type Output } from './output.ts';
import { isHarmless, type Parsed, parse } from './program.ts';
import { type Connection, connect } from './reach/connect.ts';
import { nouns, rows } from './rows/index.ts';
import { type Settings, settingsFrom } from './settings.ts';
import { tint, type View } from './show/terminal.ts';
import { type Stops, watchSignals } from './signals.ts';
import { version } from './version.ts';

/** Runs one command line. Resolves to the exit code, after everything is closed and printed. */
export async function run(argv: readonly string[]): Promise<number> {
  // Before the flags are understood, what they say of errors is looked up by hand.
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
  const stops = watchSignals();
  let settings = settingsFrom({ json }, process.env, process.stdout.isTTY === true);
  let out = createOutput(process, json, viewOf(settings), () => stops.stop(0));
  try {
    const parsed = await parse(argv, version);
    if ('print' in parsed) {
      out.print(parsed.print);
      return 0;
    }
    settings = settingsFrom(parsed.flags, process.env, process.stdout.isTTY === true);
    out = { ...out, json: settings.json, view: viewOf(settings) };
    return await runVerb(parsed, settings, out, stops);
  } catch (error) {
    const code = stops.code ?? (await report(error, out));
    return isHarmless(argv) ? 0 : code;
  } finally {
    await out.flushed();
  }
}

async function runVerb(
  { row, args, flags }: Exclude<Parsed, { print: string }>,
  settings: Settings,
  out: Output,
  stops: Stops,
): Promise<number> {
  let connection: Promise<Connection> | undefined;
  let announced: Promise<() => void> | undefined;
  const connected = () => {
    connection ??= connect(settings, out);
    return connection;
  };
  // Told also where a node runs, which has chosen already: a slip would pass unseen.
  if (settings.ca !== undefined) await trust(settings.ca);
  if (flagsSayEmbeddings(settings.embeddings)) await embeddingsOf(settings.embeddings);
  const call: Call = {
    ...reading(args, flags),
    settings,
    out,
    table: { rows, nouns },
    signal: stops.signal,
    team: async () => (await connected()).team,
    live: async () => (await connected()).live,
    async writer() {
      const { team, announce } = await connected();
      announced ??= announce();
      await announced;
      return team;
    },
  };
  try {
    const verb = await row.load();
    const working = verb(call);
    const code = (await (row.endsItself ? working : Promise.race([working, stops.stopped]))) ?? 0;
    (await announced)?.();
    return code;
  } finally {
    // A directory that is still being opened is closed too: its lock must not outlive us.
    await (await connection?.catch(() => undefined))?.close();
  }
}

/** Before anything is dialled. */
async function trust(file: string): Promise<void> {
  const { readAuthorities, trustAlso } = await import('../authorities.ts');
  trustAlso(readAuthorities(file));
}

/** Reads what was typed after the verb. */
function reading(
  args: readonly (string | readonly string[] | undefined)[],
  flags: Readonly<Record<string, unknown>>,
) {
  const words = (index: number): string => {
    const value = args[index];
    return typeof value === 'string' ? value : (value ?? []).join(' ');
  };
  const text = (flag: string): string | undefined => {
    const value = flags[flag];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    arg: words,
    list(index: number) {
      const value = args[index];
      return typeof value === 'string' ? [value] : [...(value ?? [])];
    },
    words: async (index: number) => (words(index) === '-' ? readStdin() : words(index)),
    text,
    longText: async (flag: string) => (text(flag) === '-' ? readStdin() : text(flag)),
    number: (flag: string) => (typeof flags[flag] === 'number' ? flags[flag] : undefined),
    many(flag: string) {
      const value = flags[flag];
      return Array.isArray(value) ? value.map(String) : undefined;
    },
    has: (flag: string) => flags[flag] === true,
  };
}

/** All of stdin, without the line end that editors and `echo` put there. */
async function readStdin(): Promise<string> {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const part of process.stdin) text += String(part);
  return text.replace(/\r?\n$/, '');
}

const viewOf = (settings: Settings): View => ({
  color: settings.color,
  width: process.stdout.isTTY ? Math.max(20, process.stdout.columns || 80) : undefined,
  now: Date.now(),
});

/** Prints an error for people on stderr, or as the one shape on stdout; answers its exit code. */
async function report(raised: unknown, out: Output): Promise<number> {
  const { CoterieError } = await import('../../schemas/coterie-error.ts');
  let error = raised;
  if (!(error instanceof CoterieError)) {
    const message = raised instanceof Error ? raised.message : String(raised);
    if (process.env['COTERIE_DEBUG'] && raised instanceof Error) out.note(raised.stack ?? '');
    error = await failure('internal', message, {
      hint: 'Report it, with what COTERIE_DEBUG=1 prints; what was acknowledged is safe.',
      cause: raised,
    });
  }
  if (!(error instanceof CoterieError)) return 1;
  if (out.json) out.data(error);
  else {
    const { message, hint, legal } = error;
    const view = { ...out.view, color: out.view.color && out.interactive };
    out.note(`${tint(view, 'red', 'error:')} ${message}`);
    if (legal && legal.length > 0) out.note(`${tint(view, 'dim', 'legal:')} ${legal.join(', ')}`);
    if (hint) out.note(`${tint(view, 'dim', 'hint:')} ${hint}`);
  }
  return error.exit;
}

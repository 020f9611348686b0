import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../../../src/client/call.ts';
import { program } from '../agents/program.ts';
import { type Call, misuse, type Verb } from '../call.ts';
import { isHandle } from '../reach/identity.ts';
import { tint, type View } from '../show/terminal.ts';
import { diff } from './diff.ts';
import { bytesOf, digest, remove, removeEmpty, textOf, write } from './files.ts';
import { Unreadable } from './json.ts';
import { type Kept, type Record, recordOf } from './record.ts';
import { handOver, type Other, othersIn, sharerOf } from './shared.ts';
import { type Place, type Planned, type ToolName, toolNames, tools } from './tools.ts';

/** One file, as it is and as it will be. */
interface Change {
  readonly path: string;
  readonly before: string | undefined;
  /** Undefined: no file. */
  readonly after: string | undefined;
  readonly diff: string;
  /** Taking it back: true where the file was changed since, so that only our part comes out. */
  readonly changedSince?: boolean;
  /** Taking it back: who else reads it, so that our part stays. */
  readonly staysFor?: Other;
}

/** The root of the repository that this is in, or this directory itself. */
function projectRoot(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return from;
  }
}

/** Where configuration lies; the replica says the same, and takes long to load. */
function configDirectory(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'coterie');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'coterie');
  return join(XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'coterie');
}

async function textAt(path: string): Promise<string | undefined> {
  const bytes = bytesOf(path);
  if (bytes === undefined) return undefined;
  const text = textOf(bytes);
  if (text !== undefined) return text;
  throw await failure('invalid', `${path} is no text in UTF-8`, { hint: 'It stays as it is.' });
}

async function changed(path: string, change: (text: string) => string): Promise<Change> {
  const before = await textAt(path);
  try {
    const after = change(before ?? '');
    return { path, before, after, diff: diff(path, before, after) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw await failure('exists', `${path} can't be changed: ${error.message}`, {
      hint: 'Nothing was written. Put that right, or add the entry by hand: docs/agents.md says how it looks.',
    });
  }
}

/** What taking it back does to a file: its bytes from before, or, where it was changed since, without our part. */
async function takenBack(kept: Kept, planned: Planned | undefined, record: Record): Promise<Change> {
  const { path } = kept;
  const bytes = bytesOf(path);
  const before = bytes && (await textAt(path));
  if (bytes === undefined) return { path, before, after: undefined, diff: '' };
  if (digest(bytes) === kept.wrote) {
    const after = kept.copy === null ? undefined : record.bytes(kept.copy).toString('utf8');
    return { path, before, after, diff: diff(path, before, after) };
  }
  const change = await changed(path, (text) => planned?.part.take(text) ?? text);
  return { ...change, changedSince: true };
}

/** Copies what was there, once, then writes. The record is written first: what is half done can be undone. */
function apply(changes: readonly Change[], planned: readonly Planned[], record: Record, mode: number): void {
  const had = record.read() ?? [];
  const files = [...had];
  changes.forEach((change, index) => {
    const { path, before, after = '' } = change;
    if (change.diff === '') return;
    const old = files.findIndex((one) => one.path === path);
    const known = files[old];
    const untouched =
      known !== undefined && before !== undefined && digest(Buffer.from(before)) === known.wrote;
    let copy = known?.copy ?? null;
    if (!untouched) {
      copy = before === undefined ? null : `${files.length}-${path.split(/[\\/]/).at(-1)}`;
      // Changed by hand since an earlier set-up: what is to come back then is that, without our part.
      const original = known === undefined ? before : planned[index]?.part.take(before ?? '');
      if (copy !== null) record.keep(copy, Buffer.from(original ?? ''));
    }
    const kept: Kept = { path, copy, wrote: digest(Buffer.from(after)), folders: known?.folders ?? [] };
    if (old === -1) files.push(kept);
    else files[old] = kept;
    record.write(files);
    const folders = write(path, after, mode);
    const at = files.indexOf(kept);
    if (folders.length > 0) files[at] = { ...kept, folders };
    record.write(files);
  });
}

function undo(changes: readonly Change[], kept: readonly Kept[], record: Record): void {
  changes.forEach(({ path, after, diff: shown, changedSince, staysFor }, index) => {
    const one = kept[index];
    if (one === undefined) return;
    if (staysFor !== undefined) handOver(one, record, staysFor);
    else if (shown === '') return;
    else if (after === undefined) remove(path);
    // Bytes, not text: what comes back is what was there.
    else write(path, changedSince || one.copy === null ? after : record.bytes(one.copy), 0o600);
  });
  // The inmost first, and once all files are gone.
  const folders = new Set(kept.flatMap((one) => one.folders));
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) removeEmpty(folder);
  record.remove();
}

const painted = (text: string, view: View): string =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) =>
      /^(?:---|\+\+\+) /.test(line)
        ? tint(view, 'bold', line)
        : line.startsWith('+')
          ? tint(view, 'green', line)
          : line.startsWith('-')
            ? tint(view, 'red', line)
            : line.startsWith('@@')
              ? tint(view, 'cyan', line)
              : line,
    )
    .join('\n');

async function placeOf(call: Call, tool: ToolName): Promise<Place> {
  const { data, as, url } = call.settings;
  const member = as ?? tool;
  if (!isHandle(member))
    throw await misuse(`${member} is no handle`, 'Lower case letters and digits, as in: claude-2');
  return {
    project: call.has('user') ? undefined : projectRoot(process.cwd()),
    words: [
      ...program(),
      ...(data === undefined ? [] : ['--data', resolve(data)]),
      ...(url === undefined ? [] : ['--url', url]),
    ],
    member,
    env: process.env,
  };
}

/** Shows what setting up a program for agents would change; with `--write` does it, with `--undo` takes it back. */
export const setup: Verb = async (call) => {
  const name = toolNames.find((one) => one === call.arg(0));
  if (name === undefined)
    throw await misuse(`there is no set-up for ${call.arg(0)}`, `One of: ${toolNames.join(', ')}`, toolNames);
  const tool = tools[name];
  const place = await placeOf(call, name);
  const planned = tool.files(place);
  const record = recordOf(configDirectory(), name, place.project ?? '');
  const back = call.has('undo');
  const kept = record.read();
  if (back && kept === undefined)
    throw await failure('not_found', `${tool.title} was not set up here`, {
      hint:
        place.project === undefined
          ? 'Without --user, in the project?'
          : 'With --user, or in another project?',
    });
  const others = back ? othersIn(configDirectory(), place, name) : [];
  const changes = back
    ? await Promise.all(
        (kept ?? []).map(async (one) => {
          const staysFor = sharerOf(one, record, others);
          if (staysFor !== undefined) return { ...(await changed(one.path, (text) => text)), staysFor };
          return takenBack(
            one,
            planned.find(({ path }) => path === one.path),
            record,
          );
        }),
      )
    : await Promise.all(planned.map(({ path, part }) => changed(path, part.put)));
  // Taking back is what was asked for; setting up is shown first.
  const writes = back ? !call.has('dryRun') : call.has('write');
  if (writes && back) undo(changes, kept ?? [], record);
  else if (writes) apply(changes, planned, record, place.project === undefined ? 0o600 : 0o644);
  const real = changes.filter((change) => change.diff !== '');
  const { out } = call;
  if (out.json) {
    const files = changes.map(({ path, diff: shown, changedSince, staysFor }) => ({
      path,
      diff: shown,
      ...(changedSince ? { changedSince } : {}),
      ...(staysFor ? { staysFor: staysFor.tool } : {}),
    }));
    out.data({
      tool: name,
      member: place.member,
      project: place.project ?? null,
      written: writes,
      backup: record.folder,
      files,
    });
    return undefined;
  }
  for (const { diff: shown } of real) out.print(`${painted(shown, out.view)}\n`);
  out.print(
    told(call, {
      title: tool.title,
      member: place.member,
      writes,
      back,
      real,
      stays: changes.filter(({ staysFor }) => staysFor !== undefined),
      folder: record.folder,
      notes: tool.notes(place),
    }),
  );
  return undefined;
};

interface Said {
  readonly title: string;
  readonly member: string;
  readonly writes: boolean;
  readonly back: boolean;
  readonly real: readonly Change[];
  readonly stays: readonly Change[];
  readonly folder: string;
  readonly notes: readonly string[];
}

function told(call: Call, { title, member, writes, back, real, stays, folder, notes }: Said): string {
  const { view } = call.out;
  if (real.length === 0 && !back) return `${title} is set up already: nothing to change`;
  const since = real
    .filter(({ changedSince }) => changedSince)
    .map(({ path }) => `${path} was changed since: only Coterie's part was taken out`)
    .concat(stays.map(({ path, staysFor }) => `Coterie's part of ${path} stays: ${staysFor?.tool} reads it`));
  if (back) return [writes ? `${title} is as it was before` : 'nothing was written', ...since].join('\n');
  if (!writes)
    return tint(
      view,
      'bold',
      `nothing was written: this is what --write does; the agent speaks as ${member}`,
    );
  return [
    `${title} is set up; its agent speaks as ${member}`,
    `copies of what was there: ${folder}`,
    'undo it with the same words and --undo',
    ...notes,
  ].join('\n');
}

import type { Event, InboxItem } from '../../../schemas/index.ts';
import { failure } from '../../../src/client/call.ts';
import { given } from '../../given.ts';
import { type Call, misuse, type Team } from '../call.ts';
import { who } from '../show/conversation.ts';
import { eventLine, gist, itemLine } from '../show/reading.ts';
import { oneLine } from '../show/terminal.ts';
import { type About, execute } from './execute.ts';
import { epoch, follow } from './follow.ts';
import { kindsAsked, needed } from './for-me.ts';
import { type KeptFile, keptFile } from './kept.ts';

const ofItem = (item: InboxItem): About => ({
  kind: item.kind,
  id: item.id,
  subject: item.subject,
  by: who(item.by),
  text: oneLine(item.text),
});

const ofEvent = (event: Event): About => ({
  kind: event.type,
  id: event.operation,
  subject: event.subject,
  by: who(event.by),
  text: gist(event),
});

/** Prints it, or runs the command with it. False when this process is to end before the command did. */
async function done(call: Call, item: object, about: About, line: () => string): Promise<boolean> {
  const command = call.text('exec');
  if (command === undefined) {
    if (call.out.json) call.out.data(item);
    else call.out.print(line());
    return true;
  }
  const ended = await execute(call, command, item, about);
  if (ended === undefined) return false;
  if (ended !== 0)
    call.out.note(`coterie: the command ended with ${ended} for ${about.kind} ${about.id}; going on`);
  return true;
}

async function keptBy(call: Call): Promise<KeptFile> {
  const { data, as, url } = call.settings;
  const { speaker, remembered } = await import('../reach/identity.ts');
  const { dataDirectory } = await import('../settings.ts');
  const directory = await dataDirectory(call.settings);
  const { handle } = speaker(call.settings, remembered(directory), process.env);
  const what = ['for', 'types', 'channel', 'by', 'exec'].map((flag) => call.text(flag) ?? '');
  return keptFile(call.text('keep'), [
    url ?? directory,
    data === undefined ? '' : directory,
    as ?? handle,
    ...what,
  ]);
}

async function items(team: Team, call: Call): Promise<void> {
  const kinds = await kindsAsked(call);
  const file = call.text('exec') === undefined ? undefined : await keptBy(call);
  const told = new Set((await file?.read())?.done);
  for await (const item of needed(team, call, told, kinds)) {
    const line = () => itemLine(item, { ...call.out.view, now: Date.now() });
    if (!(await done(call, item, ofItem(item), line))) return;
    // Once it is done, not before: a run that was killed does it again.
    await file?.write({ done: [...told, item.id] });
  }
}

async function events(team: Team, call: Call): Promise<void> {
  const { out } = call;
  const file = await keptBy(call);
  const kept = (await file.read())?.cursor;
  const { cursor: end } = await team.status();
  let since = kept ?? call.text('since') ?? end;
  if (kept !== undefined && epoch(kept) !== epoch(end)) {
    out.note(`coterie: the feed was begun anew since, so this goes on from now on, not from ${kept}`);
    since = end;
  }
  if (kept === undefined || since !== kept) await file.write({ cursor: since });
  const chosen = given({
    types: call.text('types'),
    channels: call.text('channel'),
    members: call.text('by'),
  });
  for await (const event of follow(team, call, { ...chosen, since })) {
    if (event.type === 'gap') {
      out.note('coterie: a part of the feed was trimmed before this watch came to it');
      continue;
    }
    const line = () => eventLine(event, { ...out.view, now: Date.now() });
    if (!(await done(call, event, ofEvent(event), line))) return;
    await file.write({ cursor: event.cursor });
  }
}

/** Tells what needs the member, or runs a command for each event or item, until Ctrl-C. It needs a node. */
export async function wake(call: Call): Promise<undefined> {
  const whom = call.text('for');
  if (whom !== undefined && whom !== 'me') throw await misuse(`--for is me, not ${whom}`, undefined, ['me']);
  if (call.text('keep') !== undefined && call.text('exec') === undefined)
    throw await misuse('--keep goes with --exec');
  const team = await call.team();
  if (!(await call.live()))
    throw await failure('unreachable', 'no node runs here, so nobody would tell of anything', {
      hint: 'Start one with: coterie up',
    });
  await (whom === undefined ? events(team, call) : items(team, call));
  return undefined;
}

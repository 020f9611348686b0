import { given, type Verb } from '../call.ts';
import { eventLine } from '../show/reading.ts';

/** Prints events until Ctrl-C, or until nobody reads them. */
export const watch: Verb = async (call) => {
  const team = await call.team();
  const { out, signal } = call;
  const options = given({
    since: call.text('since'),
    types: call.text('types'),
    channels: call.text('channel'),
    members: call.text('by'),
  });
  let lost = false;
  const told = () => {
    if (!lost) out.note('coterie: the node went away; waiting for it to come back');
    lost = true;
  };
  for await (const event of team.events({ ...options, signal, lost: told })) {
    if (lost) out.note('coterie: the node is back');
    lost = false;
    if (out.json) out.data(event);
    else out.print(eventLine(event, { ...out.view, now: Date.now() }));
  }
  return undefined;
};

import { given } from '../../given.ts';
import { asking, misuse, once, paged, type Verb } from '../call.ts';
import { role } from '../role.ts';
import { member, members as membersText } from '../show/node.ts';

/** Lists, or changes oneself. */
export const members: Verb = async (call) => {
  const changes = given({ name: call.text('name'), handle: call.text('handle') });
  const { out } = call;
  if (Object.keys(changes).length === 0) {
    const team = await call.team();
    const answer = await team.members.list(
      given({ ...paged(call), imported: call.has('imported') ? true : undefined }),
    );
    if (out.json) out.data(answer);
    else out.print(membersText(answer, out.view));
    return undefined;
  }
  if (call.has('imported')) throw await misuse('--imported lists; --name and --handle change');
  const answer = await (await call.writer()).members.update(changes, once(call));
  if (out.json) out.data(answer);
  else out.print(member(answer, out.view));
  return undefined;
};

export const grant = asking({
  write: true,
  ask: async (team, call) => team.members.grant(call.arg(0), { role: await role(call.arg(1)) }, once(call)),
  show: member,
});

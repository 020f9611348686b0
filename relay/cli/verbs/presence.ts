import type { PresenceState } from '../../../schemas/index.ts';
import { failure } from '../../../src/client/call.ts';
import { given } from '../../given.ts';
import { asking, paged } from '../call.ts';
import { presenceLine, who as whoText } from '../show/presence.ts';

export const who = asking({
  ask: (team, call) =>
    team.presence.list(given({ ...paged(call), offline: call.has('present') ? false : undefined })),
  show: whoText,
});

export const set = asking({
  async ask(team, call) {
    // It lives in the node's memory: without one it would be gone with this command.
    if (!(await call.live()))
      throw await failure('unreachable', 'no node runs here, so nobody would see it', {
        hint: 'Start one with: coterie up',
      });
    return team.presence.set({
      state: call.arg(0) as PresenceState,
      ...given({
        task: call.text('task'),
        waitingFor: call.text('waitingFor'),
        note: call.text('note'),
        session: call.text('session'),
        ttl: call.number('ttl'),
      }),
    });
  },
  show: presenceLine,
});

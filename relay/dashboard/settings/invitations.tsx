import { useSignal } from '@preact/signals';
import type { Invitation, Role } from '../../../schemas/index.ts';
import { roles } from '../../../schemas/values.ts';
import { useApp } from '../app/context.ts';
import { attempt, tell } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';
import { Qr } from './qr.tsx';

/** Tickets by which others join. */
export function Invitations() {
  const { door } = useApp();
  const made = useSignal<Invitation | undefined>(undefined);
  const { value, reload } = useLive(
    async () => (await door.invites.list({ limit: 200 })).items,
    ['invite.*', 'replica.admit'],
  );
  return (
    <section>
      <h2>Invitations</h2>
      <form
        class="row filters"
        onSubmit={(event) => {
          event.preventDefault();
          const said = new FormData(event.currentTarget);
          void attempt(() =>
            door.invites.create({ role: said.get('role') as Role, uses: Number(said.get('uses')) }),
          ).then((ticket) => {
            made.value = ticket;
            reload();
          });
        }}
      >
        <label>
          Role{' '}
          <select name="role" defaultValue="member">
            {roles.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </label>
        <label>
          Machines <input name="uses" type="number" min={1} max={100} defaultValue={1} />
        </label>
        <button type="submit" class="main">
          Invite
        </button>
      </form>
      {made.value ? (
        <div class="conflict" role="status">
          <p>
            Whoever has this ticket can join, until <When at={made.value.expires} />. Send it as you would a
            password; it is shown this once.
          </p>
          <p>
            <code class="ticket">coterie join {made.value.ticket}</code>{' '}
            <button
              type="button"
              onClick={() =>
                void navigator.clipboard
                  .writeText(made.value?.ticket ?? '')
                  .then(() => tell('done', 'Copied'))
              }
            >
              Copy
            </button>
          </p>
          <Qr text={made.value.ticket} />
        </div>
      ) : null}
      <ul class="memories">
        {(value.value ?? []).map((one) => (
          <li key={one.id} class="row">
            <span>
              {one.role} by {one.by.handle}, until <When at={one.expires} />, used {one.used ?? '?'} of{' '}
              {one.uses}
            </span>
            {one.revoked ? (
              <span class="soft">ended</span>
            ) : (
              <button
                type="button"
                onClick={() => void attempt(() => door.invites.revoke(one.id)).then(reload)}
              >
                End it
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

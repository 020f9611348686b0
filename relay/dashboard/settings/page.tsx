import '../board/board.css';
import '../memory/memory.css';
import { useSignal } from '@preact/signals';
import type { Invitation, Role } from '../../../schemas/index.ts';
import { roles } from '../../../schemas/values.ts';
import { useApp } from '../app/context.ts';
import { attempt, tell } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';
import { Qr } from './qr.tsx';
import { setTheme, theme, themes } from './theme.ts';

function Members() {
  const { door, me } = useApp();
  const { value, reload } = useLive(
    async () => (await door.members.list({ limit: 1000 })).items,
    ['member.*', 'role.*'],
  );
  return (
    <section>
      <h2>Members</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Handle</th>
            <th scope="col">Kind</th>
            <th scope="col">Role</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {(value.value ?? []).map((member) => (
            <tr key={member.id}>
              <th scope="row">
                {member.handle} {member.handle === me.handle ? <span class="soft">you</span> : null}
              </th>
              <td>{member.kind}</td>
              <td>
                <select
                  aria-label={`Role of ${member.handle}`}
                  value={member.role}
                  disabled={!['owner', 'admin'].includes(me.role)}
                  onChange={(event) =>
                    void attempt(() =>
                      door.members.grant(member.id, { role: event.currentTarget.value as Role }),
                    ).then(reload)
                  }
                >
                  {roles.map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </select>
              </td>
              <td>
                <When at={member.created} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Devices() {
  const { door } = useApp();
  const { value, reload } = useLive(
    async () => (await door.replicas.list({ limit: 1000 })).items,
    ['replica.*'],
  );
  return (
    <section>
      <h2>Devices</h2>
      <p class="soft">
        Each has a copy of the workspace. What one wrote before it is revoked stays; nothing that it writes
        after counts.
      </p>
      <ul class="memories">
        {(value.value ?? []).map((one) => (
          <li key={one.id} class="row">
            <span>
              <b>{one.name ?? one.id.slice(0, 8)}</b> {one.self ? '(this one) ' : ''}
              <span class="soft">
                since <When at={one.admitted} />, for{' '}
                {one.members.map(({ handle }) => handle).join(', ') || 'nobody yet'}
              </span>
            </span>
            {one.revoked ? (
              <span class="trouble">revoked by {one.revoked.by.handle}</span>
            ) : one.self ? null : (
              <button
                type="button"
                class="danger"
                onClick={() => {
                  if (confirm(`Revoke ${one.name ?? one.id}? It can't come back without a new invitation.`))
                    void attempt(() => door.replicas.revoke(one.id)).then(reload);
                }}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Invitations() {
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

/** How the page looks, and who and what belongs to the workspace. */
export function SettingsPage() {
  return (
    <div class="page task">
      <h1>Settings</h1>
      <section>
        <h2>Look</h2>
        <label>
          Theme{' '}
          <select
            value={theme.value}
            onChange={(event) => {
              const chosen = themes.find((one) => one === event.currentTarget.value);
              if (chosen) setTheme(chosen);
            }}
          >
            {themes.map((one) => (
              <option key={one} value={one}>
                {one === 'contrast' ? 'high contrast' : one}
              </option>
            ))}
          </select>
        </label>
      </section>
      <Members />
      <Devices />
      <Invitations />
      <section>
        <h2>On the command line</h2>
        <p>
          Import and export, relays, tokens for agents and backups are done there: <code>coterie import</code>
          , <code>coterie export</code>, <code>coterie remote</code>, <code>coterie setup</code>,{' '}
          <code>coterie backup</code>.
        </p>
      </section>
    </div>
  );
}

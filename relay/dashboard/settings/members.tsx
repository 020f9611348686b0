import type { Role } from '../../../schemas/index.ts';
import { roles } from '../../../schemas/values.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';

/** Who belongs to the workspace, and what each may do. */
export function Members() {
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

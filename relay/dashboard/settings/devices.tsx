import { useSignal } from '@preact/signals';
import type { ReplicaInfo } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { Ask } from '../parts/ask.tsx';
import { When } from '../parts/when.tsx';

const nameOf = ({ id, name }: ReplicaInfo): string => name ?? id.slice(0, 8);

/** Every copy of the workspace, and the end of one. */
export function Devices() {
  const { door } = useApp();
  const revoking = useSignal<ReplicaInfo | undefined>(undefined);
  const { value, reload } = useLive(
    async () => (await door.replicas.list({ limit: 1000 })).items,
    ['replica.*'],
  );
  const asked = revoking.value;
  const revoke = (id: string): void => void attempt(() => door.replicas.revoke(id)).then(reload);
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
              <b>{nameOf(one)}</b> {one.self ? '(this one) ' : ''}
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
                  revoking.value = one;
                }}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      {asked ? (
        <Ask
          title={`Revoke ${nameOf(asked)}?`}
          action="Revoke it"
          danger
          onSay={() => revoke(asked.id)}
          onClose={() => {
            revoking.value = undefined;
          }}
        >
          <p>It can't come back without a new invitation.</p>
        </Ask>
      ) : null}
    </section>
  );
}

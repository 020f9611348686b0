import './agents.css';
import type { Presence } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { href } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';
import { usePresenceClock } from './clock.ts';

/** Who waits comes first, then who works. */
const order: Readonly<Record<string, number>> = { waiting: 0, working: 1, idle: 2, offline: 3 };

/** Who is here, working on what, since when, waiting for whom. */
export function AgentsPage({ query }: { readonly query: URLSearchParams }) {
  const { door } = useApp();
  const clock = usePresenceClock();
  const who = query.get('who');
  const { value, error } = useLive<readonly Presence[]>(
    async () => (await door.presence.list({ limit: 200 })).items,
    ['member.*', 'claim.*', 'task.move'],
    [clock.value],
  );
  const all = [...(value.value ?? [])].sort((a, b) => (order[a.state] ?? 9) - (order[b.state] ?? 9));
  return (
    <section class="page" aria-label="Agents">
      <h1>Agents and people</h1>
      {error.value ? <p class="trouble">{error.value.message}</p> : null}
      <table class="agents">
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">State</th>
            <th scope="col">Doing</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.member.id} class={one.member.handle === who ? 'focused' : undefined}>
              <th scope="row">{one.member.handle}</th>
              <td class={`presence-${one.state}`}>{one.state}</td>
              <td>
                <Doing one={one} />
              </td>
              <td>{one.since === undefined || one.since === null ? '' : <When at={one.since} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <a href={href(['activity'])}>What happened</a>
      </p>
    </section>
  );
}

function Doing({ one }: { readonly one: Presence }) {
  return (
    <>
      {one.task ? (
        <a href={href(['t', one.task.short ?? one.task.id])}>{one.task.short ?? 'a task'} </a>
      ) : null}
      {one.waitingFor ? `waits for ${one.waitingFor.handle} ` : ''}
      {one.note}
    </>
  );
}

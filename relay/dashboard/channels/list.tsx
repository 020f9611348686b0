import { useApp } from '../app/context.ts';
import { href, place } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';

/** The channels of the side bar. */
export function ChannelList() {
  const { door } = useApp();
  const { value } = useLive(async () => (await door.channels.list({ limit: 200 })).items, ['channel.*']);
  const { path } = place.value;
  return (
    <ul class="channels" aria-label="Channels">
      {(value.value ?? []).map(({ id, name }) => (
        <li key={id}>
          <a href={href(['c', name])} aria-current={path[0] === 'c' && path[1] === name ? 'page' : undefined}>
            # {name}
          </a>
        </li>
      ))}
    </ul>
  );
}

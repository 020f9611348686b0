import { Text } from '../markdown/text.tsx';
import { When } from '../parts/when.tsx';
import { useOutbox } from './outbox.ts';

/** What was written for a place and is not stored yet. */
export function WaitingMessages({
  channel,
  thread,
}: {
  readonly channel: string;
  readonly thread?: string | undefined;
}) {
  const outbox = useOutbox();
  const mine = outbox.waiting.value.filter((one) => one.channel === channel && one.thread === thread);
  if (mine.length === 0) return null;
  return (
    <ul class="waiting" aria-label="Not sent yet">
      {mine.map(({ key, text, at, refused }) => (
        <li key={key} class={refused === undefined ? undefined : 'refused'}>
          <Text text={text} />
          <p role="status">
            <When at={at} />{' '}
            {refused === undefined ? 'kept on this device; it is sent when the node answers' : refused}{' '}
            {refused === undefined ? null : (
              <button type="button" onClick={() => outbox.again(key)}>
                Send again
              </button>
            )}{' '}
            <button type="button" onClick={() => outbox.discard(key)}>
              Discard
            </button>
          </p>
        </li>
      ))}
    </ul>
  );
}

import { useSignal } from '@preact/signals';
import type { Message } from '../../../schemas/index.ts';
import { href } from '../app/router.ts';
import { Text } from '../markdown/text.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { When } from '../parts/when.tsx';

/** The pinned among the messages that are here. */
export function Pins({ messages }: { readonly messages: readonly Message[] }) {
  const open = useSignal(false);
  const pinned = messages.filter((one) => one.pinned === true);
  if (pinned.length === 0) return null;
  const close = (): void => {
    open.value = false;
  };
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true;
        }}
      >
        📌 {pinned.length}
      </button>
      {open.value ? (
        <Dialog label="Pinned" onClose={close}>
          <ul class="versions">
            {pinned.map(({ id, author, at, text }) => (
              <li key={id}>
                <a href={href(['m', id])} onClick={close}>
                  {author.handle} <When at={at} />
                </a>
                <Text text={text ?? ''} />
              </li>
            ))}
          </ul>
        </Dialog>
      ) : null}
    </>
  );
}

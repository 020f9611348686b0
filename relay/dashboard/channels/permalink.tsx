import { useEffect } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';

/** `#/m/ID`: leads to the message where it stands. */
export function MessagePage({ path }: { readonly path: readonly string[] }) {
  const { door } = useApp();
  const id = path[0] ?? '';
  useEffect(() => {
    void attempt(async () => {
      const message = await door.messages.get(id);
      if (message.thread !== undefined)
        return go(href(['thread', message.thread], { focus: message.id }), { replace: true });
      const { name } = await door.channels.get(message.channel);
      go(href(['c', name], { at: message.at, focus: message.id }), { replace: true });
    });
  }, [id]);
  return <p class="page soft">Looking for the message …</p>;
}

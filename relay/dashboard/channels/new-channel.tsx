import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { Dialog } from '../parts/dialog.tsx';

/** Makes a channel and goes there. */
export function NewChannel({ onClose }: { readonly onClose: () => void }) {
  const { door } = useApp();
  return (
    <Dialog label="New channel" onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          const said = new FormData(event.currentTarget);
          const text = (name: string): string => String(said.get(name) ?? '').trim();
          const topic = text('topic');
          void attempt(() =>
            door.channels.create({ name: text('name'), ...(topic === '' ? {} : { topic }) }),
          ).then((made) => {
            if (!made) return;
            onClose();
            go(href(['c', made.name]));
          });
        }}
      >
        <label>
          Name <input name="name" class="wide" required />
        </label>
        <label>
          What it is for <input name="topic" class="wide" />
        </label>
        <button type="submit" class="main">
          Make it
        </button>
      </form>
    </Dialog>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { History, Message } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt, tell } from '../app/notices.ts';
import { href } from '../app/router.ts';
import { NewTask } from '../board/new-task.tsx';
import { emoji } from '../composer/completion.ts';
import { Text } from '../markdown/text.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { When } from '../parts/when.tsx';

/** Signs to react with, the usual first. */
export function ReactPicker({ onPick, onClose }: { onPick: (sign: string) => void; onClose: () => void }) {
  return (
    <Dialog label="React" onClose={onClose}>
      <div class="emoji">
        {Object.entries(emoji).map(([name, sign]) => (
          <button type="button" key={name} title={name} aria-label={name} onClick={() => onPick(sign)}>
            {sign}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

/** Every version of a message, the newest first. */
export function Versions({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { door } = useApp();
  const history = useSignal<History | undefined>(undefined);
  useEffect(() => {
    void attempt(() => door.history(id)).then((found) => {
      history.value = found;
    });
  }, [id]);
  const steps = (history.value?.items ?? []).filter(({ type }) => /^message\.(create|edit)$/.test(type));
  return (
    <Dialog label="Versions" onClose={onClose}>
      <ol class="versions" reversed>
        {[...steps].reverse().map((step) => (
          <li key={step.operation}>
            <p class="soft">
              {step.by?.handle ?? 'somebody'} <When at={step.at} />{' '}
              {step.state === 'rejected' ? 'does not count' : ''}
            </p>
            <Text text={step.body?.['text'] ?? '(removed)'} />
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

/** Asks before a text is removed for good. */
export function AskRedact({ message, onClose }: { readonly message: Message; readonly onClose: () => void }) {
  const { door } = useApp();
  const id = useId();
  const reason = useRef<HTMLInputElement>(null);
  return (
    <Dialog label="Remove this text?" onClose={onClose}>
      <p>It is removed everywhere, for everybody, and does not come back.</p>
      <p>
        <label for={id}>Why (everybody sees this)</label> <input id={id} ref={reason} />
      </p>
      <p class="row">
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            const said = reason.current?.value ?? '';
            void attempt(() => door.messages.redact(message.id, said === '' ? {} : { reason: said }));
            onClose();
          }}
        >
          Remove
        </button>
      </p>
    </Dialog>
  );
}

const quoted = (text: string | null): string =>
  (text ?? '')
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');

/** A title that a task can have. */
const longest = 100;

/** Makes a task of a message, which it leads back to. */
export function TaskOf({ message, onClose }: { readonly message: Message; readonly onClose: () => void }) {
  const { author, id, text } = message;
  const [first = ''] = (text ?? '').trim().split('\n', 1);
  return (
    <NewTask
      title={first.slice(0, longest)}
      description={`${quoted(text)}\n\nFrom [what ${author.handle} wrote](${href(['m', id])}).`}
      onClose={onClose}
    />
  );
}

/** A link to a message, for elsewhere. */
export function copyLink(id: string): void {
  const link = new URL(href(['m', id]), location.href).href;
  void navigator.clipboard.writeText(link).then(
    () => tell('done', 'Link copied'),
    () => tell('error', `The browser did not let the page copy: ${link}`),
  );
}

/** A message as a quote in another one. */
export const quoteOf = ({ author, text }: Message): string => `${quoted(text)}\n@${author.handle} `;

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { Dialog } from './dialog.tsx';

/** Asks a person for words, or only whether: then without `label`. */
export function Ask({
  title,
  label,
  action,
  danger = false,
  required = false,
  onSay,
  onClose,
  children,
}: {
  readonly title: string;
  readonly label?: string;
  readonly action: string;
  readonly danger?: boolean;
  readonly required?: boolean;
  readonly onSay: (words: string) => void;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}) {
  const words = useRef<HTMLTextAreaElement>(null);
  return (
    <Dialog label={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const said = words.current?.value.trim() ?? '';
          onSay(said);
          onClose();
        }}
      >
        {children}
        {label === undefined ? null : (
          <label>
            {label}
            <textarea ref={words} rows={3} class="wide" required={required} />
          </label>
        )}
        <p class="row">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" class={danger ? 'danger' : 'main'}>
            {action}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

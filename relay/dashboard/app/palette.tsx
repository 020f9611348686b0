import './palette.css';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Command, offer } from './commands.ts';
import { useApp } from './context.ts';
import { addKey } from './keys.ts';

/** Behind Ctrl-K: every page, channel, task, memory and command by its name. */
export function Palette() {
  const { door } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal('');
  const offers = useSignal<readonly Command[]>([]);
  const at = useSignal(0);

  function type(text: string): void {
    typed.value = text;
    void offer(door, text, (found) => {
      // An answer to what was typed before comes too late.
      if (typed.value !== text) return;
      offers.value = found;
      at.value = 0;
    });
  }
  function run(command: Command | undefined): void {
    if (!command) return;
    dialog.current?.close();
    command.run();
  }
  useEffect(
    () =>
      addKey({
        key: 'mod+k',
        what: 'Go anywhere, do anything',
        run() {
          if (dialog.current?.open) {
            dialog.current.close();
            return;
          }
          type('');
          dialog.current?.showModal();
        },
      }),
    [door],
  );
  const now = Math.min(at.value, Math.max(0, offers.value.length - 1));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the browser closes it with Escape
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Commands"
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <input
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="palette-offers"
        aria-activedescendant={offers.value.length > 0 ? `offer-${now}` : undefined}
        autocomplete="off"
        placeholder="Go to or do …"
        value={typed.value}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            at.value = (now + step + offers.value.length) % Math.max(1, offers.value.length);
            document.getElementById(`offer-${at.value}`)?.scrollIntoView({ block: 'nearest' });
          } else if (event.key === 'Enter') {
            event.preventDefault();
            run(offers.value[now]);
          }
        }}
      />
      <div id="palette-offers" role="listbox" aria-label="Commands">
        {offers.value.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the box above has the keys
          <div
            key={command.id}
            id={`offer-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === now}
            onClick={() => run(command)}
          >
            <span>{command.what}</span>
            <span class="soft">{command.about}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}

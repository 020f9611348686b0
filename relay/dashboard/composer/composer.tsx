import './composer.css';
import { useSignal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import { limits } from '../../../schemas/limits.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { Text } from '../markdown/text.tsx';
import { type Offer, offersFor, type Typing, typingAt } from './completion.ts';
import { draftOf, keepDraft } from './drafts.ts';

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Where somebody writes: with completion of names, a draft that is kept, and a preview. Enter sends. */
export function Composer({
  label,
  draftKey,
  onSend,
  autofocus = false,
  action = 'Send',
}: {
  readonly label: string;
  readonly draftKey: string;
  /** The draft stays where it fails. */
  readonly onSend: (text: string) => Promise<unknown>;
  readonly autofocus?: boolean;
  readonly action?: string;
}) {
  const { door } = useApp();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = draftOf(draftKey);
  const typing = useSignal<Typing | undefined>(undefined);
  const offers = useSignal<readonly Offer[]>([]);
  const chosen = useSignal(0);
  const preview = useSignal(false);
  const sending = useSignal(false);
  const text = draft.value;
  const size = text.length > limits.textBytes / 4 ? bytes(text) : 0;
  const isOpen = offers.value.length > 0;

  useEffect(() => {
    if (autofocus) area.current?.focus();
  }, [draftKey]);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight + 2, 320)}px`;
  }, [text, preview.value]);

  async function complete(): Promise<void> {
    const now = typingAt(area.current?.value ?? '', area.current?.selectionStart ?? 0);
    typing.value = now;
    if (!now) {
      offers.value = [];
      return;
    }
    const found = await offersFor(door, now).catch(() => []);
    // Something else may be typed by now.
    if (typing.value !== now) return;
    chosen.value = 0;
    offers.value = found;
  }
  function close(): void {
    typing.value = undefined;
    offers.value = [];
  }
  function take(offer: Offer | undefined): void {
    const element = area.current;
    const now = typing.value;
    if (!offer || !element || !now) return;
    const before = `${text.slice(0, now.from)}${offer.insert} `;
    keepDraft(draftKey, before + text.slice(element.selectionStart));
    close();
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(before.length, before.length);
    });
  }
  async function send(): Promise<void> {
    const said = text.trim();
    if (said === '' || sending.value) return;
    sending.value = true;
    keepDraft(draftKey, '');
    close();
    const sent = await attempt(async () => {
      await onSend(said);
      return true;
    });
    // Nobody loses what they wrote.
    if (!sent && draftOf(draftKey).value === '') keepDraft(draftKey, text);
    sending.value = false;
    preview.value = false;
  }
  function onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const { key } = event;
    if (isOpen && (key === 'ArrowDown' || key === 'ArrowUp')) {
      const step = key === 'ArrowDown' ? 1 : -1;
      chosen.value = (chosen.value + step + offers.value.length) % offers.value.length;
    } else if (isOpen && (key === 'Enter' || key === 'Tab')) take(offers.value[chosen.value]);
    else if (isOpen && key === 'Escape') close();
    else if (key === 'Escape') area.current?.blur();
    else if (key === 'Enter' && !event.shiftKey) void send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {isOpen ? (
        <div role="listbox" id={`${id}-offers`} class="offers" aria-label="Completions">
          {offers.value.map((offer, at) => (
            <div
              role="option"
              id={`${id}-${at}`}
              key={offer.label}
              aria-selected={at === chosen.value}
              tabIndex={-1}
              onMouseDown={(event) => {
                event.preventDefault();
                take(offer);
              }}
            >
              <b>{offer.label}</b> <span>{offer.about}</span>
            </div>
          ))}
        </div>
      ) : null}
      {preview.value ? (
        <div class="preview">
          <Text text={text} />
        </div>
      ) : (
        <textarea
          ref={area}
          rows={1}
          aria-label={label}
          placeholder={label}
          aria-autocomplete="list"
          aria-controls={isOpen ? `${id}-offers` : undefined}
          aria-activedescendant={isOpen ? `${id}-${chosen.value}` : undefined}
          value={text}
          onInput={(event) => {
            keepDraft(draftKey, event.currentTarget.value);
            void complete();
          }}
          onKeyDown={onKey}
          onBlur={close}
        />
      )}
      <div class="composer-row">
        <span class={size > limits.textBytes ? 'too-long' : 'size'} role="status">
          {size > 0 ? `${Math.ceil(size / 1024)} of ${limits.textBytes / 1024} KB` : ''}
        </span>
        <button
          type="button"
          aria-pressed={preview.value}
          disabled={text.trim() === ''}
          onClick={() => {
            preview.value = !preview.value;
          }}
        >
          Preview
        </button>
        <button type="submit" class="main" disabled={text.trim() === '' || size > limits.textBytes}>
          {action}
        </button>
      </div>
    </form>
  );
}

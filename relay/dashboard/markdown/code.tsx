import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { tell } from '../app/notices.ts';
import type { Coloured } from './highlight.ts';

/** Longer code is folded; so many lines of it show. */
const folded = 25;
const shown = 15;

/** A block of code: shown at once, in colours when they are there, with a button that copies it. */
export function Code({ code, language }: { readonly code: string; readonly language: string }) {
  const lines = useSignal<readonly (readonly Coloured[])[] | undefined>(undefined);
  const open = useSignal(false);
  useEffect(() => {
    let left = false;
    lines.value = undefined;
    if (language !== '')
      void import('./highlight.ts')
        .then(({ highlighted }) => highlighted(code, language))
        .then((made) => {
          if (!left) lines.value = made;
        })
        .catch(() => undefined);
    return () => {
      left = true;
    };
  }, [code, language]);

  const plain = code.split('\n');
  const isLong = plain.length > folded;
  const count = isLong && !open.value ? shown : plain.length;
  const copy = (): void =>
    void navigator.clipboard.writeText(code).then(
      () => tell('done', 'Copied'),
      () => tell('error', 'The browser did not let the page copy.'),
    );
  return (
    <figure class="code">
      <figcaption>
        <span>{language}</span>
        <button type="button" onClick={copy}>
          Copy
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <pre tabIndex={0}>
        <code>
          {lines.value
            ? lines.value.slice(0, count).map((line, at) => (
                <span key={at}>
                  {line.map(({ text, light, dark }) => (
                    <span class="ink" style={{ '--ink-light': light, '--ink-dark': dark }}>
                      {text}
                    </span>
                  ))}
                  {'\n'}
                </span>
              ))
            : plain.slice(0, count).join('\n')}
        </code>
      </pre>
      {isLong ? (
        <button
          type="button"
          aria-expanded={open.value}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {open.value ? 'Show less' : `Show all ${plain.length} lines`}
        </button>
      ) : null}
    </figure>
  );
}

import './text.css';
import { useSignal } from '@preact/signals';
import { memo } from 'preact/compat';
import { Blocks } from './blocks.tsx';
import { Signs } from './inline.tsx';
import { parse } from './parse.ts';

/** Longer texts are cut until somebody wants all of them. */
const long = 6_000;

function Whole({ text }: { readonly text: string }) {
  const tokens = parse(text);
  return tokens ? (
    <Blocks tokens={tokens} />
  ) : (
    <p class="as-written">
      <Signs text={text} />
    </p>
  );
}

/** What somebody wrote, as it is shown everywhere: messages, comments, memory. GFM, and no HTML. */
export const Text = memo(({ text }: { readonly text: string }) => {
  const open = useSignal(false);
  if (text.length <= long || open.value)
    return (
      <div class="text">
        <Whole text={text} />
      </div>
    );
  // Between two lines where there are any, so that no word is cut.
  const at = text.lastIndexOf('\n', long);
  return (
    <div class="text">
      <Whole text={text.slice(0, at > long / 2 ? at : long)} />
      <button
        type="button"
        onClick={() => {
          open.value = true;
        }}
      >
        Show all ({Math.ceil(text.length / 1024)} KB)
      </button>
    </div>
  );
});

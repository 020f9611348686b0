import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { addKey, type Key, keysNow, shownKey } from './keys.ts';

/** Behind `?`: every key that does something where the page is. */
export function KeySheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = useSignal<readonly Key[]>([]);
  useEffect(
    () =>
      addKey({
        key: '?',
        what: 'Show the keys',
        run() {
          shown.value = keysNow();
          dialog.current?.showModal();
        },
      }),
    [],
  );
  return (
    <dialog ref={dialog} aria-label="Keys" class="key-sheet">
      <table>
        <tbody>
          {shown.value.map(({ key, what }) =>
            key === undefined ? null : (
              <tr key={key}>
                <th scope="row">
                  <kbd>{shownKey(key)}</kbd>
                </th>
                <td>{what}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

import './sync.css';
import { useSignal } from '@preact/signals';
import { SyncDialog } from './dialog.tsx';
import { type SyncState, useSyncing } from './state.ts';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function wordsOf(state: SyncState): string {
  if (state.state === 'live') return 'live';
  if (state.state === 'offline') return `offline since ${clock.format(state.since)}`;
  return `syncing ${state.documents + state.updates}`;
}

/** Whether what is shown is of now; a click tells more. */
export function SyncPill() {
  const syncing = useSyncing();
  const open = useSignal(false);
  const state = syncing.state.value;
  return (
    <>
      <button
        type="button"
        class={`pill pill-${state.state}`}
        aria-label={`Sync: ${wordsOf(state)}`}
        onClick={() => {
          open.value = true;
        }}
      >
        <span class="dot" aria-hidden="true" /> <span aria-live="polite">{wordsOf(state)}</span>
      </button>
      {open.value ? (
        <SyncDialog
          syncing={syncing}
          onClose={() => {
            open.value = false;
          }}
        />
      ) : null}
    </>
  );
}

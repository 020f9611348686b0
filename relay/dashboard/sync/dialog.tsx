import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type App, useApp } from '../app/context.ts';
import { tell } from '../app/notices.ts';
import { Dialog } from '../parts/dialog.tsx';
import { When } from '../parts/when.tsx';
import type { Syncing } from './state.ts';

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

interface Kept {
  readonly persisted: boolean;
  readonly usage: number | undefined;
  readonly quota: number | undefined;
}

async function keptNow(): Promise<Kept> {
  const { storage } = navigator as { readonly storage?: StorageManager };
  const estimate = await storage?.estimate();
  return {
    persisted: (await storage?.persisted()) ?? false,
    usage: estimate?.usage,
    quota: estimate?.quota,
  };
}

/** What whoever helps has to know: nothing that anybody wrote, no keys, no names of people. */
function diagnostics({ through, replica }: App, { status, state }: Syncing, kept: Kept | undefined): string {
  const { version, replica: id, workspace, counts, digest, peers, warnings, cursor } = status.value ?? {};
  return JSON.stringify(
    {
      at: new Date().toISOString(),
      browser: navigator.userAgent,
      through,
      version,
      workspace: workspace?.id,
      replica: id,
      own: replica.value,
      sync: state.value,
      counts,
      cursor,
      digest,
      peers,
      warnings: warnings?.map(({ what }) => what),
      kept,
    },
    null,
    2,
  );
}

/** Behind the pill: each peer, how far it is, and what this browser keeps. */
export function SyncDialog({
  syncing,
  onClose,
}: {
  readonly syncing: Syncing;
  readonly onClose: () => void;
}) {
  const app = useApp();
  const kept = useSignal<Kept | undefined>(undefined);
  const asked = useSignal('');
  const status = syncing.status.value;
  const own = app.replica.value;
  useEffect(() => {
    void syncing.look();
    void keptNow().then((now) => {
      kept.value = now;
    });
  }, []);
  async function persist(): Promise<void> {
    const { storage } = navigator as { readonly storage?: StorageManager };
    const granted = (await storage?.persist()) ?? false;
    asked.value = granted
      ? 'The browser keeps it until you remove it.'
      : 'The browser did not promise to keep it: it may be removed when space is short.';
    kept.value = await keptNow();
  }
  const state = syncing.state.value;
  return (
    <Dialog label="Sync" onClose={onClose}>
      <p>
        {app.through === 'own'
          ? 'This browser keeps a replica of its own: everything works without the node, too.'
          : 'This page works through the node.'}{' '}
        {state.state === 'offline'
          ? `Offline since ${new Date(state.since).toLocaleString()}: ${state.why}.`
          : ''}
        {own.state === 'failed' ? ` ${own.error.message} ${own.error.hint}` : ''}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col">State</th>
            <th scope="col">Not there yet</th>
            <th scope="col">Acknowledged</th>
            <th scope="col">Same as here</th>
          </tr>
        </thead>
        <tbody>
          {(status?.peers ?? []).map((peer) => (
            <tr key={`${peer.replica} ${peer.url}`}>
              <td>
                <code>{(peer.replica ?? 'unknown').slice(0, 8)}</code>{' '}
                {app.through === 'own' && peer.upstream ? 'the node' : (peer.url ?? '')}
              </td>
              <td>
                {peer.state} {peer.trouble ? `: ${peer.trouble.message}` : ''}
              </td>
              <td>{peer.lag + peer.syncing === 0 ? 'nothing' : `${peer.lag} + ${peer.syncing} documents`}</td>
              <td>{peer.acknowledged === null ? '–' : <When at={peer.acknowledged} />}</td>
              <td>
                {peer.digest === 'equal' ? 'yes' : peer.digest === 'different' ? 'no' : 'not compared yet'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">
        {status ? `${status.counts.operations} operations, digest ` : ''}
        <code>{status?.digest.slice(0, 16)}</code>
      </p>
      <p>
        {kept.value?.usage === undefined ? '' : `Kept here: ${megabytes(kept.value.usage)}. `}
        {kept.value?.persisted
          ? 'The browser keeps it until you remove it. '
          : 'The browser may remove it when space is short. '}
        {kept.value?.persisted ? null : (
          <button type="button" onClick={() => void persist()}>
            Ask it to keep it
          </button>
        )}{' '}
        <span role="status">{asked.value}</span>
      </p>
      <button
        type="button"
        onClick={() =>
          void navigator.clipboard.writeText(diagnostics(app, syncing, kept.value)).then(
            () => tell('done', 'Diagnostics copied'),
            () => tell('error', 'The browser did not let the page copy.'),
          )
        }
      >
        Copy diagnostics
      </button>
    </Dialog>
  );
}

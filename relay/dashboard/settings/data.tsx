import { type Signal, useSignal } from '@preact/signals';
import type { Progress } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';

const formats = ['slack', 'beads', 'reflectt', 'coterie'] as const;

/** Work of the node that takes a while, as far as it is. */
type Work =
  | { readonly state: 'idle' }
  | { readonly state: 'going'; readonly progress: Progress | undefined }
  | { readonly state: 'done'; readonly said: string };

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([noun, count]) => `${count} ${noun}`)
    .join(', ') || 'nothing';

function Shown({ work }: { readonly work: Signal<Work> }) {
  const now = work.value;
  if (now.state === 'idle') return null;
  if (now.state === 'done') return <p role="status">{now.said}</p>;
  const { stage = 'beginning', done = 0, total = null } = now.progress ?? {};
  return (
    <p role="status">
      <progress aria-label={stage} {...(total === null ? {} : { value: done, max: total })} /> {stage}: {done}
      {total === null ? '' : ` of ${total}`}
    </p>
  );
}

/** What comes in from elsewhere and what goes out, in directories of the machine where the node runs. */
export function Data() {
  const { door } = useApp();
  const importing = useSignal<Work>({ state: 'idle' });
  const exporting = useSignal<Work>({ state: 'idle' });
  async function follow(
    work: Signal<Work>,
    run: (progress: (progress: Progress) => void) => Promise<string>,
  ): Promise<void> {
    work.value = { state: 'going', progress: undefined };
    const said = await attempt(() =>
      run((progress) => {
        work.value = { state: 'going', progress };
      }),
    );
    work.value = said === undefined ? { state: 'idle' } : { state: 'done', said };
  }
  return (
    <section>
      <h2>Import and export</h2>
      <p class="soft">Paths are those of the machine where the node runs.</p>
      <form
        class="row filters"
        aria-label="Import"
        onSubmit={(event) => {
          event.preventDefault();
          const said = new FormData(event.currentTarget);
          void follow(importing, async (progress) => {
            const done = await door.import(
              { format: said.get('format') as (typeof formats)[number], path: String(said.get('path')) },
              { progress },
            );
            return `Written: ${counts(done.written)}. There already: ${counts(done.present)}. Set aside: ${done.setAside.length}.`;
          });
        }}
      >
        <label>
          Import from{' '}
          <select name="format">
            {formats.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Path <input name="path" required />
        </label>
        <button type="submit" disabled={importing.value.state === 'going'}>
          Import
        </button>
      </form>
      <Shown work={importing} />
      <form
        class="row filters"
        aria-label="Export"
        onSubmit={(event) => {
          event.preventDefault();
          const directory = String(new FormData(event.currentTarget).get('directory'));
          void follow(exporting, async (progress) => {
            const done = await door.export({ directory }, { progress });
            return `In ${done.directory}: ${counts(done.files)}.`;
          });
        }}
      >
        <label>
          Export into <input name="directory" required />
        </label>
        <button type="submit" disabled={exporting.value.state === 'going'}>
          Export
        </button>
      </form>
      <Shown work={exporting} />
    </section>
  );
}

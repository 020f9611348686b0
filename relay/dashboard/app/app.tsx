import { useComputed, useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { ChannelList } from '../channels/list.tsx';
import { leave } from '../door/session.ts';
import { forgetAll } from '../door/workspace.ts';
import { useWaiting } from '../inbox/count.ts';
import { watch } from '../notify/watch.ts';
import { newer } from '../offline/register.ts';
import { SyncPill } from '../sync/pill.tsx';
import { useApp } from './context.ts';
import { KeySheet } from './key-sheet.tsx';
import { addKey } from './keys.ts';
import { dismiss, notices } from './notices.ts';
import { type Page, pages } from './pages.ts';
import { Palette } from './palette.tsx';
import { go, href, place } from './router.ts';

function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text }) => (
        <button type="button" key={id} class={`notice ${kind}`} onClick={() => dismiss(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** A newer page is there: a person says when this tab becomes it. */
function Newer() {
  const { replica } = useApp();
  const superseded = replica.value.state === 'superseded';
  const takeOver = newer.value;
  if (!takeOver && !superseded) return null;
  return (
    <p class="newer" role="status">
      {superseded
        ? 'A newer version of this page is open in another tab. This one works through the node alone.'
        : 'A newer version of this page is there.'}{' '}
      <button type="button" onClick={() => (takeOver ? takeOver() : location.reload())}>
        Reload
      </button>
    </p>
  );
}

function Count() {
  const open = useWaiting().value;
  return open > 0 ? <span class="count mention">{open}</span> : null;
}

function Sidebar() {
  const { me, own } = useApp();
  const at = useComputed(() => place.value.path[0] ?? 'c');
  return (
    <nav class="sidebar" aria-label="Workspace">
      <SyncPill />
      <Newer />
      <ul class="pages">
        {pages
          .filter(({ key }) => key !== undefined)
          .map(({ name, title }) => (
            <li key={name}>
              <a href={href([name])} aria-current={at.value === name ? 'page' : undefined}>
                {title}
                {name === 'inbox' ? <Count /> : null}
              </a>
            </li>
          ))}
      </ul>
      <ChannelList />
      <p class="me">
        <span id="said">
          You are <b id="who">{me.handle}</b>, {me.role}.
        </span>{' '}
        <button type="button" id="leave" onClick={() => void leave(() => forgetAll(own))}>
          Log out
        </button>
      </p>
    </nav>
  );
}

/** The page that the address names; unknown ones lead home. */
function Main() {
  const shown = useSignal<
    { page: Page; Body: ComponentType<{ path: readonly string[]; query: URLSearchParams }> } | undefined
  >(undefined);
  const { path, query } = place.value;
  const { through } = useApp();
  const page = pages.find(({ name }) => name === path[0]);
  useEffect(() => {
    if (!page) {
      go(href(['c', 'general']), { replace: true });
      return;
    }
    const [count = ''] = /^\(\d+\) /.exec(document.title) ?? [];
    document.title = `${count}${page.title} · Coterie`;
    let left = false;
    void page.load().then((Body) => {
      if (!left) shown.value = { page, Body };
    });
    return () => {
      left = true;
    };
  }, [page]);
  const now = shown.value;
  return (
    <main id="main" tabIndex={-1} data-through={through}>
      {now !== undefined && now.page === page ? <now.Body path={path.slice(1)} query={query} /> : null}
    </main>
  );
}

export function Shell() {
  const app = useApp();
  useEffect(() => watch(app), [app]);
  useEffect(() => {
    const added = pages.flatMap(({ name, title, key }) =>
      key === undefined
        ? []
        : [
            addKey({
              key: key === '/' ? '/' : `g then ${key}`,
              what: `Go to ${title}`,
              run: () => go(href([name])),
            }),
          ],
    );
    return () => {
      for (const end of added) end();
    };
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <Sidebar />
      <Main />
      <Notices />
      <KeySheet />
      <Palette />
    </>
  );
}

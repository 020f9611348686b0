import './styles/base.css';
import './settings/theme.ts';
import { render } from 'preact';
import { Shell } from './app/app.tsx';
import { AppContext } from './app/context.ts';
import { listenForKeys } from './app/keys.ts';
import { Login } from './app/login.tsx';
import { enter } from './door/workspace.ts';
import { keepPage } from './offline/register.ts';

const entered = enter();

function Page() {
  const now = entered.value;
  if (now.state === 'coming') return null;
  if (now.state === 'out') return <Login said={now.said} />;
  return (
    <AppContext.Provider value={now.app}>
      <Shell />
    </AppContext.Provider>
  );
}

const root = document.getElementById('app');
if (!root) throw new Error('the page has no place for itself');
render(<Page />, root);
listenForKeys();
// Where the browser keeps no pages it is of no use, and no harm.
keepPage().catch(() => undefined);

// A link of `coterie open` that is followed where the page is open already. Who is in may come in as somebody else.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#t=')) location.reload();
});

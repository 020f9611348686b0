import './styles/base.css';
import { render } from 'preact';
import { createClient } from '../../src/client/index.ts';
import { Shell } from './app/app.tsx';
import { AppContext } from './app/context.ts';
import { listenForKeys } from './app/keys.ts';
import { Login } from './app/login.tsx';
import { openLive } from './door/live.ts';
import { comeIn } from './door/session.ts';

let isIn = false;

async function start(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) throw new Error('the page has no place for itself');
  const session = await comeIn();
  if (session.state !== 'in') {
    render(<Login said={session.state === 'out' ? session.said : 'The node does not answer.'} />, root);
    return;
  }
  isIn = true;
  const { handle, role } = session.speaker;
  const door = createClient({ url: location.origin, member: handle });
  listenForKeys();
  const app = { door, live: openLive(door), me: { handle, role } };
  render(
    <AppContext.Provider value={app}>
      <Shell />
    </AppContext.Provider>,
    root,
  );
}

// A link of `coterie open` that is followed where the page is open already. Who is in may come in as somebody else.
addEventListener('hashchange', () => {
  if (!location.hash.startsWith('#t=')) return;
  if (isIn) location.reload();
  else void start();
});
void start();

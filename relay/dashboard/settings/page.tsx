import '../board/board.css';
import '../memory/memory.css';
import { Notifications } from '../notify/settings.tsx';
import { Data } from './data.tsx';
import { Devices } from './devices.tsx';
import { Invitations } from './invitations.tsx';
import { Members } from './members.tsx';
import { Relays } from './relays.tsx';
import { setTheme, theme, themes } from './theme.ts';

function Look() {
  return (
    <section>
      <h2>Look</h2>
      <label>
        Theme{' '}
        <select
          value={theme.value}
          onChange={(event) => {
            const chosen = themes.find((one) => one === event.currentTarget.value);
            if (chosen) setTheme(chosen);
          }}
        >
          {themes.map((one) => (
            <option key={one} value={one}>
              {one === 'contrast' ? 'high contrast' : one}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

/** How the page looks and when it calls, and who and what belongs to the workspace. */
export function SettingsPage() {
  return (
    <div class="page task">
      <h1>Settings</h1>
      <Look />
      <Notifications />
      <Members />
      <Devices />
      <Invitations />
      <Relays />
      <Data />
      <section>
        <h2>On the command line</h2>
        <p>
          Tokens and settings for agents are made by <code>coterie setup</code>, copies of the whole data
          directory by <code>coterie backup</code>.
        </p>
      </section>
    </div>
  );
}

import { createHash } from 'node:crypto';
import type { Channel, Status } from '../../schemas/index.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1rem;margin-top:2rem}table{border-collapse:collapse}
td,th{padding:.15rem 1rem .15rem 0;text-align:left;vertical-align:top}
pre{padding:.7rem;overflow-x:auto;border:1px solid #8886;border-radius:4px}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}}`;

/** It ends the session that the dashboard began. */
const script = `document.getElementById('leave')?.addEventListener('click',async()=>{
await fetch('/v1/session',{method:'DELETE'});
location.replace('/');
});`;

const hashed = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page has one script, no image and no form; this keeps it so whatever a channel is called. */
export const pagePolicy = `default-src 'none'; style-src ${hashed(style)}; script-src ${hashed(script)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.codePointAt(0)};`);

const row = (...cells: (string | number)[]): string =>
  `<tr>${cells.map((cell) => `<td>${escaped(String(cell))}</td>`).join('')}</tr>`;

/** Who looks at the page, where it knows. */
export interface Viewer {
  readonly handle: string;
  readonly role: string;
  /** Whether it came by a login, and may leave. */
  readonly session: boolean;
}

function page(title: string, body: string, renews: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${renews ? '<meta http-equiv="refresh" content="30">\n' : ''}<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
<script>${script}</script>
</body>
</html>
`;
}

/** What somebody sees on another machine who has not said who it is: nothing of the workspace. */
export const loginPage = (): string =>
  page(
    'Coterie',
    `<h1>Coterie</h1>
<p id="said">Come in with a link: run <code>coterie open</code> on the machine of the node.</p>`,
    false,
  );

/** One plain page that shows a person what runs here. It renews itself twice a minute. */
export function statusPage(view: {
  readonly url: string;
  readonly status: Status;
  readonly channels: readonly Channel[];
  readonly more: boolean;
  readonly viewer: Viewer | undefined;
}): string {
  const { url, status, channels, viewer } = view;
  const curl = `curl -H "Authorization: Bearer $(npx coterie token YOUR-HANDLE)" ${url}/v1/channels`;
  const counts = Object.entries(status.counts).map(([name, count]) => row(name, count));
  const warned = status.warnings.map(({ what, message, hint }) => row(what, `${message}. ${hint}`));
  const listed = channels.map((channel) => row(`#${channel.name}`, channel.messages, channel.topic));
  const leave = viewer?.session ? ' <button id="leave">Log out</button>' : '';
  const seen =
    viewer === undefined
      ? 'Nobody is logged in here: run <code>coterie open</code>.'
      : `You are <b id="who">${escaped(viewer.handle)}</b>, ${escaped(viewer.role)}.${leave}`;
  return page(
    `${status.workspace.name} · Coterie`,
    `<h1>${escaped(status.workspace.name)}</h1>
<p id="said">${seen}</p>
<table>
${row('workspace', status.workspace.id)}
${row('replica', status.replica)}
${row('durability', status.durability)}
${row('running since', status.since)}
${row('version', status.version)}
</table>
${warned.length === 0 ? '' : `<h2>Warnings</h2>\n<table>\n${warned.join('\n')}\n</table>`}
<h2>Channels</h2>
<table>
<tr><th>name</th><th>messages</th><th>topic</th></tr>
${listed.join('\n')}
</table>
${view.more ? '<p>… and more.</p>' : ''}
<h2>Counts</h2>
<table>
${counts.join('\n')}
</table>
<h2>Connect</h2>
<p>A token names the member that speaks; the command line prints one.</p>
<pre>${escaped(curl)}</pre>
<p>The routes: <a href="/openapi.json">/openapi.json</a></p>`,
    true,
  );
}

import { createHash } from 'node:crypto';
import type { Channel, Status } from '../../schemas/index.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1rem;margin-top:2rem}table{border-collapse:collapse}
td,th{padding:.15rem 1rem .15rem 0;text-align:left;vertical-align:top}
pre{padding:.7rem;overflow-x:auto;border:1px solid #8886;border-radius:4px}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}}`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** The page has no script, no image and no form; this keeps it so whatever a channel is called. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.codePointAt(0)};`);

const row = (...cells: (string | number)[]): string =>
  `<tr>${cells.map((cell) => `<td>${escaped(String(cell))}</td>`).join('')}</tr>`;

/** One plain page that shows a person what runs here. It renews itself twice a minute. */
export function statusPage(view: {
  readonly url: string;
  readonly status: Status;
  readonly channels: readonly Channel[];
  readonly more: boolean;
}): string {
  const { url, status, channels } = view;
  const curl = `curl -H "Authorization: Bearer $(npx coterie token YOUR-HANDLE)" ${url}/v1/channels`;
  const counts = Object.entries(status.counts).map(([name, count]) => row(name, count));
  const warned = status.warnings.map(({ what, message, hint }) => row(what, `${message}. ${hint}`));
  const listed = channels.map((channel) => row(`#${channel.name}`, channel.messages, channel.topic));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="30">
<title>${escaped(status.workspace.name)} · Coterie</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(status.workspace.name)}</h1>
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
<p>The routes: <a href="/openapi.json">/openapi.json</a></p>
</body>
</html>
`;
}

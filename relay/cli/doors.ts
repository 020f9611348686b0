import type { Outside } from '../http/outside.ts';
import { type Call, misuse } from './call.ts';
import type { Flag } from './row.ts';

/** Flags of what listens for other machines. */
export const onDoors: readonly Flag[] = [
  [
    '--host <address>',
    'address to listen on (by default 127.0.0.1); others need TLS, or who ends it in front',
  ],
  ['--tls-cert <file>', 'certificate, and those that vouch for it, as PEM; taken anew when it changes'],
  ['--tls-key <file>', 'its key, as PEM'],
  ['--behind-proxy <url>', 'a proxy ends TLS in front: its public URL, as https://relay.example'],
  ['--proxy-from <address>', 'address or network of that proxy, if it is on another machine; repeat', 'many'],
  ['--public-url <url>', 'where others reach it, if the certificate and the address do not say'],
  ['--allow-host <name>', 'one more Host by which it may be asked, with its port; repeat for more', 'many'],
];

const hostForm = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** How other machines reach what listens, as the flags say. */
export async function doorsOf(
  call: Call,
): Promise<{ host: string | undefined; outside: Outside | undefined }> {
  const host = call.text('host');
  const [cert, key] = [call.text('tlsCert'), call.text('tlsKey')];
  const [proxy, url] = [call.text('behindProxy'), call.text('publicUrl')];
  if ((cert === undefined) !== (key === undefined))
    throw await misuse('--tls-cert and --tls-key belong together');
  if (cert !== undefined && proxy !== undefined)
    throw await misuse('TLS ends here with --tls-cert, or in front with --behind-proxy: not both');
  if (proxy !== undefined && url !== undefined)
    throw await misuse('--behind-proxy says the public URL already', undefined, ['--behind-proxy']);
  const from = call.many('proxyFrom');
  if (from && proxy === undefined)
    throw await misuse('--proxy-from says where the proxy of --behind-proxy is');
  for (const [flag, one] of [
    ['--behind-proxy', proxy],
    ['--public-url', url],
  ])
    if (one !== undefined && !/^https?:\/\/[^\s/?#@]+\/?$/.test(one))
      throw await misuse(`${flag} is a URL without a path, not ${one}`, 'For example: https://relay.example');
  const hosts = call.many('allowHost');
  for (const one of hosts ?? [])
    if (!hostForm.test(one)) throw await misuse(`--allow-host is a name, with its port if any, not ${one}`);
  if ((cert ?? proxy ?? url ?? hosts) === undefined) return { host, outside: undefined };
  const tls = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  return {
    host,
    outside: { tls, proxy: proxy === undefined ? undefined : { url: proxy, from }, url, hosts },
  };
}

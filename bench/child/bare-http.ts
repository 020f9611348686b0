// What the least of servers does with a post: parses it, appends it to a file without syncing, answers with an id.
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerEach, given } from '../support/child.ts';
import type { Listening } from './node.ts';

const { file } = given<{ file: string }>();
const log = await open(file, 'a');
let n = 0;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.once('end', async () => {
    const { text } = JSON.parse(Buffer.concat(parts).toString()) as { text: string };
    const message = { id: `${++n}`, channel: request.url?.split('/')[3], text, at: new Date().toISOString() };
    const line = JSON.stringify(message);
    await log.appendFile(`${line}\n`);
    response.writeHead(201, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(line),
    });
    response.end(line);
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const ready: Listening = { url: `http://127.0.0.1:${port}`, port, token: 'none' };
answerEach(
  ready,
  async () => null,
  async () => {
    server.closeAllConnections();
    server.close();
    await log.close();
  },
);

// Hocuspocus as it comes, which keeps documents in memory.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answerEach, given } from '../support/child.ts';

interface Running {
  listen(): Promise<unknown>;
  destroy(): Promise<unknown>;
  readonly address: { readonly port: number };
}
interface Package {
  readonly Server: new (options: object) => Running;
}

const { directory } = given<{ directory: string }>();
const { Server } = createRequire(join(directory, 'package.json'))('@hocuspocus/server') as Package;
const server = new Server({ port: 0, address: '127.0.0.1', quiet: true, stopOnSignals: false });
await server.listen();
answerEach(
  { port: server.address.port },
  async () => null,
  async () => undefined,
);

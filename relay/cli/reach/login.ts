import type { Login } from '../../../schemas/index.ts';
import { createCaller } from '../../../src/client/call.ts';
import type { Transport } from '../../../src/client/index.ts';

/** Asks a node for a URL of its page that lets a browser in, once, as the member of the token. */
export const askLogin = (url: string, token: string, transport: Transport): Promise<Login> =>
  createCaller(url, token, transport).json<Login>('POST', '/sessions');

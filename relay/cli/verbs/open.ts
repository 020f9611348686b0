import { failure } from '../../../src/client/call.ts';
import type { Verb } from '../call.ts';
import { openBrowser } from '../reach/browser.ts';
import { memberAt } from '../reach/connect.ts';
import { askLogin } from '../reach/login.ts';
import { nodeTransport } from '../reach/node-http.ts';

/** Prints the URL alone on stdout: whoever has it comes in, once. */
export const open: Verb = async (call) => {
  const { transport, close } = nodeTransport();
  try {
    const at = await memberAt(call.settings, transport);
    if (at === undefined)
      throw await failure('unreachable', 'no node runs on this data directory', {
        hint: 'Start one with: coterie up',
      });
    const login = await askLogin(at.url, at.token, transport);
    if (call.out.json) call.out.data(login);
    else {
      call.out.print(login.url);
      if (call.out.interactive) call.out.note('coterie: it is good once, within five minutes');
    }
    if (call.has('browser') && !(await openBrowser(login.url)))
      call.out.note('coterie: no browser could be started; open the URL by hand');
    return undefined;
  } finally {
    close();
  }
};

// Remembers things over HTTP, all at once.
import { createClient } from '../../src/client/index.ts';
import { answerEach, given } from '../support/child.ts';

export interface Remember {
  readonly names: readonly string[];
}

const { url, token } = given<{ url: string; token: string }>();
const client = createClient({ url, token });

/** How many were acknowledged. */
async function remember({ names }: Remember): Promise<number> {
  const done = await Promise.allSettled(
    names.map((name) => client.memory.remember({ key: name, text: `what is known of ${name}` })),
  );
  return done.filter(({ status }) => status === 'fulfilled').length;
}

answerEach(undefined, remember, async () => undefined);

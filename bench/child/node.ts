// A node, as `coterie up` starts it.
import { openLog, startNode, tokenOf } from '../../relay/index.ts';
import { answerEach, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { memory, rest } from '../support/memory.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly token: string;
}

/** Newest messages of `general`, and what there is in all. */
export interface Holding {
  readonly newest: readonly string[];
  readonly operations: number;
  readonly messages: number;
  readonly digest: string;
}

export type NodeQuestion = { readonly what?: 'delays' | 'holding' | 'memory' | 'rest' };

interface NodeInput {
  readonly data: string;
  readonly config: string;
  readonly state: string;
  readonly as: string;
  readonly upstreams?: readonly string[];
}

const { data, config, state, as, upstreams = [] } = given<NodeInput>();
const node = await startNode({
  directory: data,
  config,
  state,
  as,
  upstreams,
  port: 0,
  log: openLog('error'),
});
const ready: Listening = { url: node.url, port: node.port, token: tokenOf(node.directory, as) };
let watch = watchDelay();

async function holding(): Promise<Holding> {
  const { items } = await node.replica.messages.list('general', { limit: 50 });
  const { counts, digest } = await node.replica.status();
  return {
    newest: items.map(({ id }) => id),
    operations: counts.operations,
    messages: counts.messages,
    digest,
  };
}

answerEach(
  ready,
  async ({ what }: NodeQuestion) => {
    if (what === 'holding') return holding();
    if (what === 'memory') return memory();
    if (what === 'rest') return rest();
    const delays = watch();
    watch = watchDelay();
    return delays;
  },
  () => node.close(),
);

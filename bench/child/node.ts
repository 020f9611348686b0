// A node, as `coterie up` starts it.
import { openLog, startNode, tokenOf } from '../../relay/index.ts';
import { answerEach, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';

export interface Listening {
  readonly port: number;
  readonly token: string;
}

const { data, config, as } = given<{ data: string; config: string; as: string }>();
const node = await startNode({ directory: data, config, as, port: 0, log: openLog('error') });
const ready: Listening = { port: node.port, token: tokenOf(node.directory, as) };
let watch = watchDelay();
answerEach(
  ready,
  async () => {
    const delays = watch();
    watch = watchDelay();
    return delays;
  },
  () => node.close(),
);

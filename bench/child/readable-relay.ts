// A readable relay in a process that tells its memory.
import { startReadableRelay } from '../../relay/hosted/relay.ts';
import { openLog } from '../../relay/index.ts';
import { answerEach, given } from '../support/child.ts';
import { rest } from '../support/memory.ts';

/** The relay waits this long, ms, before it closes what nobody uses. */
const idle = 3_600_000;

const { data } = given<{ data: string }>();
const relay = await startReadableRelay({
  directory: data,
  port: 0,
  limits: { idle },
  log: openLog('error'),
});
answerEach({ url: relay.url }, rest, () => relay.close());

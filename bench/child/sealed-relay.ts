// A sealed relay in a process that tells its memory.
import { startSealedRelay } from '../../relay/sealed/relay.ts';
import { answerEach, given } from '../support/child.ts';
import { rest } from '../support/memory.ts';

const { data } = given<{ data: string }>();
const relay = await startSealedRelay({ directory: data, port: 0, open: true });
answerEach({ url: relay.url, key: relay.key }, rest, () => relay.close());

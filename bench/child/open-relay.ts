// The open relay in a process that tells its memory.
import { startOpenRelay } from '../../relay/rooms/open-relay.ts';
import { answerEach, given } from '../support/child.ts';
import { rest } from '../support/memory.ts';

const { data } = given<{ data: string }>();
const relay = await startOpenRelay({ directory: data, port: 0 });
answerEach({ url: relay.url }, rest, () => relay.close());

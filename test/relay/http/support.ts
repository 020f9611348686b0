import { type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, type NodeOptions, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { type FakeReplica, openFakeReplica } from '../../support/fake-replica.ts';
import { shared } from '../../support/scratch.ts';
import { type Gathered, gathered } from './gathered.ts';

export interface TestNode extends Node {
  readonly token: string;
  readonly fake: FakeReplica;
  readonly logged: string[];
}

/** A node on a replica of maps, listening on a free port. */
export async function startFake(options: Partial<NodeOptions> = {}): Promise<TestNode> {
  const place = shared();
  const logged: string[] = [];
  let fake: FakeReplica | undefined;
  const node = await startNode({
    directory: place.path,
    as: 'kai',
    port: 0,
    log: openLog('debug', (line) => logged.push(line)),
    open: async (opening) => {
      fake = await openFakeReplica(opening);
      return fake;
    },
    ...options,
  });
  if (fake === undefined) throw new Error('the replica was not opened');
  return {
    ...node,
    fake,
    logged,
    token: tokenOf(place.path, 'kai'),
    async close() {
      await node.close();
      place.remove();
    },
  };
}

export interface Asked {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Record<string, string | string[]>;
  readonly json?: unknown;
  readonly body?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: unknown;
}

/** One request on a connection of its own. */
export function ask(
  url: string,
  { method = 'GET', token, headers = {}, json, body }: Asked = {},
): Promise<Answered> {
  const text = json === undefined ? body : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method,
      agent: false,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    });
    asked.on('response', (answer) => {
      let said = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        said += chunk;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const isJson = answer.headers['content-type']?.startsWith('application/json') === true && said !== '';
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: said,
          body: isJson ? (JSON.parse(said) as unknown) : undefined,
        });
      });
    });
    asked.on('error', reject);
    // A string would carry the headers along in its own encoding.
    asked.end(text === undefined ? undefined : Buffer.from(text));
  });
}

/** An open stream of events. */
export interface Stream extends Omit<Gathered, 'add'> {
  readonly status: number;
  readonly comments: string[];
  readonly response: IncomingMessage;
  /** Resolves when the node ended the stream or the connection broke. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream; resolves when the answer begins. */
export function follow(url: string, token: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers: { authorization: `Bearer ${token}`, ...headers } });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const ended = new Promise<void>((end) => {
        response.on('close', () => end());
        response.on('error', () => end());
      });
      const { events, add, until } = gathered(ended);
      const comments: string[] = [];
      const parser = createParser({ onEvent: add, onComment: (comment) => comments.push(comment) });
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => parser.feed(chunk));
      asked.removeAllListeners('error');
      asked.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        events,
        comments,
        response,
        ended,
        until,
        close: () => asked.destroy(),
      });
    });
    asked.end();
  });
}

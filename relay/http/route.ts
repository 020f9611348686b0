import type { z } from 'zod';
import { CoterieError, type RelayInfo } from '../../schemas/index.ts';
import type { Replica, Surface } from '../../src/replica/surface.ts';
import type { Log } from '../node/log.ts';
import type { Caller, Callers } from '../proof/callers.ts';
import type { Allowance } from './allowance.ts';
import type { Asked } from './asked.ts';
import type { Guard } from './guard.ts';
import { check, queryOf } from './input.ts';
import type { Metrics } from './metrics.ts';
import type { Entrance } from './session/entrance.ts';
import type { Logins } from './session/logins.ts';
import { shorten, takeShortening } from './shorten.ts';

/** What the routes see of the node that they belong to. */
export interface Door {
  readonly replica: Replica;
  readonly version: string;
  /** Random, new for each start. */
  readonly node: string;
  readonly url: string;
  /** What this listener is, as anybody may know. */
  readonly relay: RelayInfo;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Aborts when the node begins to stop: streams and long work end, with the error that is its reason. */
  readonly stopping: AbortSignal;
  /** Who may come in, and until when. */
  readonly callers: Callers;
  /** Who asks, at each of its doors. */
  readonly entrance: Entrance;
  /** What addresses may do before it is known who asks. */
  readonly guard: Guard;
  /** Sessions of pages. */
  readonly logins: Logins;
  /** How often a member may ask. */
  readonly allowance: Allowance;
  /** How streams behave; tests make it quick. */
  readonly streams: StreamLimits;
}

export interface StreamLimits {
  /** A comment this often keeps a silent stream alive, ms. */
  readonly heartbeat: number;
  /** Bytes that may wait for a reader before its stream pauses. */
  readonly bufferBytes: number;
  /** A paused reader that takes nothing for this long is told that it lagged, ms. */
  readonly patience: number;
  /** Open streams at most. */
  readonly count: number;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** One request, whose member is known and whose route was found. */
export interface Exchange {
  readonly door: Door;
  readonly asked: Asked;
  readonly params: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  /** Who asks; undefined where nobody need say. */
  readonly caller: Caller | undefined;
}

/** What a route's `run` is given: everything checked. */
export interface Call<P, Q, B> extends Omit<Exchange, 'params'> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly key: string | undefined;
  /** The verbs, as the member that asks. */
  readonly surface: Surface;
}

/** A content type that is not JSON, with its meaning for the documentation. */
export interface Plain {
  readonly type: string;
  readonly what: string;
}

/** An answer of a route: JSON by schema, or another content type. */
export type Answer = z.ZodType | Plain;

export const isJson = (answer: Answer): answer is z.ZodType => 'safeParse' in answer;

/** Sent by the route itself, on `outgoing`. */
export const taken: unique symbol = Symbol('taken');

interface Described {
  readonly method: Method;
  readonly path: string;
  /** One sentence, in the documentation and in OpenAPI. */
  readonly summary: string;
  /** Needs no token. */
  readonly open?: boolean | 'here';
  /**
   * `token`: a member of the node itself, since it is about the machine. `key`: an admitted replica is enough, whichever
   * member it speaks for. A member, by token or proof, unless said.
   */
  readonly needs?: 'token' | 'key';
  /** About the machine itself or told to anybody on it: not for a relay that hosts workspaces of others. */
  readonly local?: boolean;
  readonly answer: Answer;
  /** 200 unless said. */
  readonly status?: 201;
}

/** One row of the table that app, documentation and OpenAPI are made from. */
export interface Route extends Described {
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  /** Without a body, `{}` is meant. */
  readonly bodyOptional?: boolean | undefined;
  /** Resolves with the answer, or with `taken`. */
  run(exchange: Exchange): Promise<unknown>;
}

type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

interface Definition<P extends string, Q extends z.ZodType, B extends z.ZodType, A extends Answer>
  extends Described {
  readonly path: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  readonly answer: A;
  run(
    call: Call<Readonly<Record<Names<P>, string>>, z.output<Q>, z.output<B>>,
  ): Promise<(A extends z.ZodType ? z.output<A> : string) | typeof taken>;
}

/** What is about the machine is for its own members; on a relay that hosts workspaces of others, for nobody who asks. */
function refuseOutsiders({ needs, local }: Described, { door, caller }: Exchange): void {
  if (needs === 'token' && caller?.replica !== undefined)
    throw new CoterieError('forbidden', 'This works on the files of the node: for its own members alone.', {
      hint: 'Ask on the machine of the node, with a token of a member.',
    });
  if (local && door.relay.mode !== 'node')
    throw new CoterieError('no_route', 'This is for the operator of the relay alone.', {
      hint: 'Ask a node of your own.',
    });
}

/** A route from its definition: reads and checks the request, then runs it with types that follow from its schemas. */
export function route<
  const P extends string,
  A extends Answer,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Definition<P, Q, B, A>): Route {
  const { query: querySchema, body: bodySchema, bodyOptional, run, ...described } = definition;
  const writes = described.method !== 'get';
  return {
    ...described,
    query: querySchema,
    body: bodySchema,
    bodyOptional,
    async run(exchange) {
      const { door, asked, caller, search } = exchange;
      refuseOutsiders(described, exchange);
      const given = queryOf(search);
      const shortening =
        writes || !isJson(described.answer) ? undefined : takeShortening(given, described.answer);
      const unexpected = querySchema ? undefined : Object.keys(given)[0];
      if (unexpected !== undefined) throw new CoterieError('invalid', `unknown field ${unexpected}`);
      const key = writes ? asked.key() : undefined;
      if (!bodySchema) asked.expectNoBody();
      const query = (querySchema ? check(querySchema, given) : undefined) as z.output<Q>;
      const body = (
        bodySchema ? check(bodySchema, await asked.json(bodyOptional ?? false)) : undefined
      ) as z.output<B>;
      const answer = await run({
        ...exchange,
        params: exchange.params as Readonly<Record<Names<P>, string>>,
        query,
        body,
        key,
        surface: caller === undefined || described.needs === 'key' ? door.replica : caller.surface(),
      });
      return shortening && answer !== taken ? shorten(answer, shortening) : answer;
    },
  };
}

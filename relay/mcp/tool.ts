import { z } from 'zod';
import type { Surface } from '../../src/replica/surface.ts';
import type { Shorts } from './shorts.ts';

/** The verbs of a team, as one member: a client of a node has them, and so has an open replica. */
export type Team = Omit<Surface, 'member'>;

/** What a tool may use while it runs. */
export interface Call {
  readonly team: Team;
  readonly shorts: Shorts;
  /** Idempotency key of the write: a repeat after a lost connection writes nothing twice. */
  readonly key: string;
  /** Aborts when the client cancels the call, or goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970, for relative times. */
  readonly now: number;
}

/** What a tool answers: compact text, and the same for programs. */
export interface Said {
  readonly text: string;
  /** The answer of the verb; it is shown in the compact form of the HTTP interface, with whole ids. */
  readonly answer: object;
  /** Open inbox items, where the tool knows: nobody needs to ask again. */
  readonly open?: number;
}

/** One tool, whatever its input. */
export interface Tool {
  readonly name: string;
  /** What a model reads of it: every word is paid for in each conversation. */
  readonly description: string;
  readonly input: z.ZodObject;
  /** Changes nothing: a client need not ask before it calls it. */
  readonly reads?: boolean;
  run(input: unknown, call: Call): Promise<Said>;
}

interface Definition<I extends z.ZodObject> extends Omit<Tool, 'run' | 'input'> {
  readonly input: I;
  run(input: z.output<I>, call: Call): Promise<Said>;
}

/** A tool from its definition. Its input is checked before it runs. */
export const tool = <I extends z.ZodObject>(definition: Definition<I>): Tool => ({
  ...definition,
  run: (input, call) => definition.run(input as z.output<I>, call),
});

/** JSON Schema, with only what helps to write an input; whatever else a value must be, the check says. */
interface Shape {
  type?: unknown;
  enum?: unknown;
  description?: unknown;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: unknown;
  anyOf?: Shape[];
}

function frugal({ type, enum: values, description, items, properties, required, anyOf }: Shape): object {
  const either = anyOf?.find((one) => one.type !== 'null');
  return {
    ...(either ? frugal(either) : {}),
    ...(values ? { enum: values } : type ? { type } : {}),
    ...(description ? { description } : {}),
    ...(items ? { items: frugal(items) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, frugal(one)]),
          ),
        }
      : {}),
    ...(Array.isArray(required) && required.length > 0 ? { required } : {}),
  };
}

/** A tool as `tools/list` shows it. */
export interface Listed {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly type: 'object' };
  readonly annotations?: { readonly readOnlyHint: true };
}

export const listed = ({ name, description, input, reads }: Tool): Listed => ({
  name,
  description,
  inputSchema: {
    type: 'object',
    ...frugal(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Shape),
  },
  ...(reads ? { annotations: { readOnlyHint: true } } : {}),
});

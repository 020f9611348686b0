import { CoterieError } from '../../schemas/index.ts';
import { check } from '../http/input.ts';
import { shorten } from '../http/shorten.ts';
import { createShorts, type Shorts } from './shorts.ts';
import { counted } from './text/words.ts';
import { type Listed, listed, type Said, type Team, type Tool } from './tool.ts';
import { tools } from './tools/index.ts';

/** What a tool call ends with, as the protocol shows it. */
export interface Result {
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent: Record<string, unknown>;
  readonly isError?: true;
}

/** A team as tools and resources see it. */
export interface Reach {
  /** Runs something with the team. May run it again where the connection was lost: writes carry a key. */
  with<T>(work: (team: Team) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** The tools of one member. It remembers which ids were shown, and nothing else. */
export interface Face {
  readonly shorts: Shorts;
  readonly reach: Reach;
  list(): readonly Listed[];
  /** Undefined for a tool that does not exist. Errors of the closed list are results, so that the model reads them. */
  call(name: string, input: unknown, options: CallOptions): Promise<Result | undefined>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Idempotency key of the write, where the client has one: then also its own repeats write nothing twice. */
  readonly key?: string | undefined;
}

let list: readonly Listed[] | undefined;
const byName = new Map<string, Tool>(tools.map((tool) => [tool.name, tool]));

export function createFace(reach: Reach, trouble: (error: unknown) => void): Face {
  const shorts = createShorts();

  /** Open inbox items; that it can't be told now is no reason to hide what the tool did. */
  async function openItems(team: Team): Promise<number> {
    try {
      return (await team.waiting()).open;
    } catch {
      return 0;
    }
  }

  async function run(tool: Tool, given: unknown, options: CallOptions): Promise<[said: Said, open: number]> {
    const { signal } = options;
    const input = check(tool.input, given);
    const key = options.key ?? `mcp-${crypto.randomUUID()}`;
    return reach.with(async (team) => {
      const said = await tool.run(input, { team, shorts, key, signal, now: Date.now() });
      return [said, said.open ?? (await openItems(team))];
    }, signal);
  }

  return {
    shorts,
    reach,
    list() {
      list ??= tools.map(listed);
      return list;
    },
    async call(name, given, options) {
      const tool = byName.get(name);
      if (tool === undefined) return undefined;
      try {
        const [said, open] = await run(tool, given ?? {}, options);
        const waits = open > 0 ? `\n${counted(open, 'thing')} waiting for you: catch_up` : '';
        const answer = shorten(said.answer, { compact: true }) as Record<string, unknown>;
        return {
          content: [{ type: 'text', text: said.text + waits }],
          structuredContent: open > 0 ? { ...answer, waiting: open } : answer,
        };
      } catch (error) {
        // Of what was cancelled nobody is told any more.
        return refusal(error, options.signal.aborted ? () => undefined : trouble);
      }
    },
  };
}

/** An error as a result: code, message, hint, and what would be accepted instead. */
function refusal(error: unknown, trouble: (error: unknown) => void): Result {
  const known =
    error instanceof CoterieError ? error : new CoterieError('internal', 'Something unexpected happened.');
  if (known !== error) trouble(error);
  const { code, message, hint, legal } = known;
  const instead = legal && legal.length > 0 ? `\nlegal: ${legal.join(', ')}` : '';
  return {
    content: [{ type: 'text', text: `${code}: ${message}\n${hint}${instead}` }],
    structuredContent: { ...known.toJSON() },
    isError: true,
  };
}

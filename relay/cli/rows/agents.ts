import type { AgentEvent } from '../agents/hook.ts';
import type { Flag, Row } from '../row.ts';

const goOn: Flag = ['--go-on', 'have the agent go on with what is new, once, instead of telling the person'];

const hook = (event: AgentEvent, summary: string, flags: readonly Flag[] = []): Row => ({
  name: `hook ${event}`,
  summary,
  flags,
  example: `coterie hook ${event} --as claude`,
  load: async () => (await import('../agents/hook.ts')).agentHook(event),
});

/** For agents: where they stand, and what their programs run for them. */
export const agents: readonly Row[] = [
  {
    name: 'prime',
    summary:
      'For an agent that knows nothing yet: who it is, what waits for it, how to act. Under 700 tokens.',
    example: 'coterie prime --as claude',
    load: async () => (await import('../agents/prime.ts')).prime,
  },
  {
    name: 'setup',
    takes: '<tool>',
    summary:
      'Set up claude, codex, gemini or opencode for this project: MCP, hooks, a page for its agent. Shows the changes alone, unless told to write.',
    flags: [
      ['--write', 'write it; what was there is kept'],
      ['--undo', 'put back what was there before'],
      ['--dry-run', 'with --undo: show it alone'],
      ['--user', 'for all projects of yours, not for this one'],
    ],
    instead: [
      ['--as <handle>', 'member that its agent speaks as (COTERIE_AS; by default the name of the tool)'],
    ],
    example: 'coterie setup claude --write',
    load: async () => (await import('../setup/setup.ts')).setup,
  },
  hook('SessionStart', 'For the hook of an agent’s program: what is unread as a session starts, or nothing.'),
  hook('UserPromptSubmit', 'The same as a prompt is given: what was not told in this session yet.'),
  hook('PostToolUse', 'The same after a tool was used: only what needs the member.'),
  hook('Stop', 'The same at the end of a turn, for the person; with --go-on for the agent.', [goOn]),
];

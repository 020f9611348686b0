import { z } from 'zod';
import {
  CoterieError,
  Label,
  LinkKind,
  Priority,
  TaskMove,
  TaskStatus,
  TaskUpdate,
} from '../../../schemas/index.ts';
import { type Call, type Said, tool } from '../tool.ts';
import { actions } from './task-actions.ts';

const { title, description, criteria, due } = TaskUpdate.shape;
/** `none` clears it. */
const member = z.string().min(1).max(64).optional();

export const TaskInput = z.strictObject({
  action: z.enum([
    'list',
    'ready',
    'show',
    'create',
    'update',
    'move',
    'decide',
    'comment',
    'link',
    'unlink',
  ]),
  id: z.string().min(1).max(64).optional().describe('as kai-12'),
  title,
  description,
  criteria: criteria.describe('done when'),
  status: TaskStatus.optional().describe('move: to'),
  priority: Priority.optional(),
  assignee: member,
  reviewer: member,
  labels: z
    .array(z.union([Label, z.string().regex(/^-./).max(101)]))
    .max(100)
    .optional()
    .describe('update: "-x" removes x'),
  due,
  parent: z.string().min(1).max(64).optional(),
  on: TaskMove.shape.on.describe('tasks that block it'),
  evidence: z
    .array(z.string().max(2100))
    .min(1)
    .max(50)
    .optional()
    .describe('as commit:4f1c2ab, link:https://…; done needs some'),
  reason: TaskMove.shape.reason,
  text: z.string().max(65_536).optional().describe('comment'),
  accept: z.boolean().optional().describe('decide on a result'),
  kind: LinkKind.optional().describe('link'),
  to: z.string().min(1).max(64).optional().describe('linked task'),
  limit: z.int().min(1).max(1000).optional(),
  cursor: z.string().max(512).optional(),
});
export type TaskInput = z.output<typeof TaskInput>;

/** Refuses fields that an action does not take: whoever sent them believes that they did something. */
function refuseOthers(input: TaskInput): void {
  const { takes, needs } = actions[input.action];
  const legal = ['action', ...needs, ...takes];
  const other = Object.keys(input).find((name) => !legal.includes(name));
  if (other !== undefined)
    throw new CoterieError('invalid', `${other} means nothing to ${input.action}`, { legal });
  const missing = needs.find((name) => input[name] === undefined);
  if (missing !== undefined) throw new CoterieError('invalid', `${missing} is missing`, { legal });
}

export const taskTool = tool({
  name: 'task',
  description: 'Tasks. Begin with ready; claim before work; move to review or done with evidence.',
  input: TaskInput,
  run(input, call: Call): Promise<Said> {
    refuseOthers(input);
    const id = input.id === undefined ? '' : call.shorts.whole(input.id);
    return actions[input.action].run({ ...input, id }, call);
  },
});

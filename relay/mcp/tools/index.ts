import type { Tool } from '../tool.ts';
import { catchUpTool } from './catch-up.ts';
import { claimTool } from './claim.ts';
import { otherTool } from './other.ts';
import { postTool } from './post.ts';
import { readTool } from './read.ts';
import { rememberTool } from './remember.ts';
import { reserveTool } from './reserve.ts';
import { searchTool } from './search.ts';
import { taskTool } from './task.ts';
import { whoTool } from './who.ts';

/** Every tool, in the order in which a model reads them. */
export const tools: readonly Tool[] = [
  catchUpTool,
  postTool,
  readTool,
  searchTool,
  taskTool,
  claimTool,
  reserveTool,
  rememberTool,
  whoTool,
  otherTool,
];

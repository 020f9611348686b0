import type { Verb } from '../call.ts';
import { remembered, speaker } from '../reach/identity.ts';
import { keepConnection } from '../reach/keep.ts';
import { dataDirectory } from '../settings.ts';
import { version } from '../version.ts';

/** Serves one agent on stdin and stdout, until it closes its end. */
export const mcp: Verb = async ({ settings, out, signal }) => {
  const { mcpOnStdio } = await import('../../mcp/stdio.ts');
  const { handle } =
    settings.token === undefined
      ? speaker(settings, remembered(await dataDirectory(settings)), process.env)
      : { handle: undefined };
  const reach = keepConnection(settings, out);
  const trouble = (error: unknown) =>
    out.note(`coterie mcp: ${error instanceof Error ? error.message : String(error)}`);
  try {
    await mcpOnStdio({ reach, version: version(), handle, signal, trouble });
  } finally {
    await reach.close();
  }
  return undefined;
};

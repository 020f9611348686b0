/** What a tool says on stdin when it runs a hook, as far as it matters here. */
export interface ToldByTool {
  /** The tool's own name of the event; answers name it back. */
  readonly event: string;
  readonly session: string | undefined;
  /** True when the agent goes on already because a hook had it do so. */
  readonly goingOn: boolean;
}

/** How long stdin is waited for, ms: a tool writes it at once, and one that leaves it open must not hang. */
const PATIENCE = 400;
/** The most that is read of it, characters: the answer of a tool may be long. */
const MOST = 32 * 1024 * 1024;

function all(input: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve) => {
    const parts: string[] = [];
    let length = 0;
    const end = () => {
      clearTimeout(timer);
      // An open stdin would keep the process alive.
      input.destroy();
      resolve(parts.join(''));
    };
    const timer = setTimeout(end, PATIENCE);
    input.setEncoding('utf8');
    input.on('data', (part: string) => {
      parts.push(part);
      length += part.length;
      if (length > MOST) end();
      else timer.refresh();
    });
    input.on('end', end);
    input.on('error', end);
  });
}

const field = (value: object, name: string): unknown => (value as Record<string, unknown>)[name];

/** Reads it; undefined where stdin holds no JSON object with the name of an event. */
export async function toldByTool(input: NodeJS.ReadStream): Promise<ToldByTool | undefined> {
  if (input.isTTY) return undefined;
  try {
    const said: unknown = JSON.parse(await all(input));
    if (typeof said !== 'object' || said === null) return undefined;
    const event = field(said, 'hook_event_name');
    if (typeof event !== 'string' || event === '') return undefined;
    const session = field(said, 'session_id');
    return {
      event,
      session: typeof session === 'string' && session !== '' ? session : undefined,
      goingOn: field(said, 'stop_hook_active') === true,
    };
  } catch {
    return undefined;
  }
}

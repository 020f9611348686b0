/** One event of a server-sent event stream. */
export interface Frame {
  /** `message` when the stream names none. */
  readonly event: string;
  readonly data: string;
  /** The cursor; absent on events that are no part of the feed. */
  readonly id?: string;
}

interface Pending {
  event: string;
  data: string[];
  id: string | undefined;
}

/** A lone carriage return at the end may be the first half of a line end: it waits for the next chunk. */
const lineEnd = /\r\n|\n|\r(?!$)/;

/** Takes text as it arrives and yields each event once it is whole; a half one at the end is dropped. */
export async function* frames(chunks: AsyncIterable<string>): AsyncIterable<Frame> {
  let pending: Pending = { event: '', data: [], id: undefined };
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (pending.data.length > 0) yield finished(pending);
      pending = { event: '', data: [], id: undefined };
      continue;
    }
    addField(pending, line);
  }
}

function finished({ event, data, id }: Pending): Frame {
  return {
    event: event === '' ? 'message' : event,
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
  };
}

function addField(pending: Pending, line: string): void {
  const colon = line.indexOf(':');
  const name = colon === -1 ? line : line.slice(0, colon);
  const raw = colon === -1 ? '' : line.slice(colon + 1);
  const value = raw.startsWith(' ') ? raw.slice(1) : raw;
  if (name === 'data') pending.data.push(value);
  else if (name === 'event') pending.event = value;
  else if (name === 'id' && !value.includes('\0')) pending.id = value;
}

/** Lines of a text that arrives in parts, without their ends; what follows the last end is dropped. */
async function* lines(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split(lineEnd);
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

/** Lines of newline-delimited JSON, parsed; blank ones are skipped, a last one without its end counts. */
export async function* jsonLines(chunks: AsyncIterable<string>): AsyncIterable<unknown> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') yield JSON.parse(part);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

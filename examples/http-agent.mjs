// An agent that talks to a node with nothing but fetch: it answers whoever mentions it, and misses nothing.
//   COTERIE_URL=http://127.0.0.1:4270 COTERIE_TOKEN=... node examples/http-agent.mjs HANDLE [ANSWERS]
const [handle, answers = '1'] = process.argv.slice(2);
const { COTERIE_URL: url = 'http://127.0.0.1:4270', COTERIE_TOKEN: token } = process.env;
if (!handle || !token) throw new Error('usage: COTERIE_TOKEN=... node examples/http-agent.mjs HANDLE');
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

async function ask(method, path, body, key) {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: key ? { ...headers, 'idempotency-key': key } : headers,
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer;
}

/** The events after `cursor`, each with its own; a connection that breaks is made again where it ended. */
async function* events(cursor) {
  let last = cursor;
  for (;;) {
    try {
      const since = last ? `?since=${encodeURIComponent(last)}` : '';
      const response = await fetch(`${url}/v1/events${since}`, { headers });
      let rest = '';
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        const frames = (rest + part).split('\n\n');
        rest = frames.pop();
        for (const frame of frames) {
          const field = (name) => frame.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1];
          if (field('id')) last = field('id');
          if (field('data')) yield JSON.parse(field('data'));
        }
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

await ask('POST', '/channels/general/messages', { text: `${handle} is here.` }, `${handle}-here`);
// From here on nothing is missed, also what is said before the stream is open.
const { cursor } = await ask('GET', '/status');
console.log('listening');
let left = Number(answers);
for await (const event of events(cursor)) {
  if (event.type !== 'message.create' || event.by?.handle === handle) continue;
  const message = await ask('GET', `/messages/${event.subject}`);
  if (!message.mentions?.some((member) => member.handle === handle)) continue;
  // The key makes a repeat after a crash the same message.
  const text = `@${message.author.handle} I heard: ${message.text}`;
  await ask('POST', '/channels/general/messages', { text, thread: message.id }, `answer-${message.id}`);
  console.log(`answered ${message.author.handle}`);
  left -= 1;
  if (left === 0) process.exit(0);
}

/** All that a page can try against a node, with a token that it has even learned: what of it was answered. Runs in a browser. */
globalThis.attack = async (node, token) => {
  const got = [];
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = { method: 'POST', headers, body: '{"text":"attack"}' };
  const messages = `${node}/v1/channels/general/messages`;
  const tries = [
    ['read', () => fetch(`${node}/v1/channels`, { headers })],
    ['open', () => fetch(`${node}/healthz`)],
    ['page', () => fetch(`${node}/`)],
    ['write', () => fetch(messages, post)],
    ['simple write', () => fetch(messages, { method: 'POST', mode: 'no-cors', body: post.body })],
    ['mcp', () => fetch(`${node}/mcp`, { ...post, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })],
  ];
  for (const [what, work] of tries)
    await work().then(
      (answer) => answer.ok && got.push(what),
      () => undefined,
    );
  const loads = (tag, path) =>
    new Promise((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => {
        got.push(`${tag} ${path}`);
        resolve();
      };
      element.onerror = () => resolve();
      element.src = node + path;
      document.body.append(element);
    });
  for (const path of ['/', '/healthz', '/openapi.json']) {
    await loads('img', path);
    await loads('script', path);
  }
  await new Promise((resolve) => {
    const stream = new EventSource(`${node}/v1/events`);
    stream.onopen = () => got.push('events');
    stream.onerror = () => {
      stream.close();
      resolve();
    };
  });
  for (const path of ['/v1/stream', '/mux', '/sync/x/pad/x'])
    await new Promise((resolve) => {
      const socket = new WebSocket(node.replace('http', 'ws') + path, ['coterie', `token.${token}`]);
      socket.onopen = () => {
        got.push(`socket ${path}`);
        socket.close();
      };
      socket.onclose = () => resolve();
    });
  await new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'answer';
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: messages, target: 'answer', enctype: 'text/plain' });
    const field = document.createElement('input');
    Object.assign(field, { name: '{"text":"attack","x":"', value: '"}' });
    form.append(field);
    document.body.append(frame, form);
    frame.onload = () => resolve();
    form.submit();
  });
  return got;
};

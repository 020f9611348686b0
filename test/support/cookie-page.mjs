/** All that another page can try with the cookie of a node's page: what of it the node let in. Runs in a browser. */
globalThis.ride = async (node, workspace) => {
  const got = [];
  const messages = `${node}/v1/channels/general/messages`;
  const body = '{"text":"ridden"}';
  const json = { 'content-type': 'application/json' };
  const tries = [
    ['read', () => fetch(`${node}/v1/status`, { credentials: 'include' })],
    ['write', () => fetch(messages, { method: 'POST', credentials: 'include', headers: json, body })],
    [
      'mcp',
      () => fetch(`${node}/mcp`, { method: 'POST', credentials: 'include', headers: json, body: '{}' }),
    ],
  ];
  for (const [what, work] of tries)
    await work().then(
      (answer) => answer.ok && got.push(what),
      () => undefined,
    );
  // What cannot be read is sent all the same: the node's own state tells what came of it.
  await fetch(messages, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(
    () => undefined,
  );
  await fetch(`${node}/v1/session`, { method: 'DELETE', mode: 'no-cors', credentials: 'include' }).catch(
    () => undefined,
  );
  await new Promise((resolve) => {
    const stream = new EventSource(`${node}/v1/events`, { withCredentials: true });
    stream.onopen = () => {
      got.push('events');
      stream.close();
      resolve();
    };
    stream.onerror = () => {
      stream.close();
      resolve();
    };
  });
  for (const path of ['/v1/stream', `/sync/${workspace}/pad/plan`])
    await new Promise((resolve) => {
      const socket = new WebSocket(node.replace('http', 'ws') + path, ['coterie']);
      // A socket without a token is told so by a close: what counts is a message.
      socket.onopen = () => path === '/v1/stream' && got.push(`socket ${path}`);
      socket.onmessage = () => {
        got.push(`message ${path}`);
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
    Object.assign(field, { name: '{"text":"ridden","x":"', value: '"}' });
    form.append(field);
    document.body.append(frame, form);
    frame.onload = () => resolve();
    form.submit();
  });
  return got;
};

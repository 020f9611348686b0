// Hands on what connects to one address to another, inside a network namespace.
import { connect, createServer } from 'node:net';

const [host, port, farHost, farPort] = process.argv.slice(2);
const server = createServer((near) => {
  const far = connect(Number(farPort), farHost);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
    one.pipe(other);
  }
});
server.listen(Number(port), host, () => process.stdout.write('ready\n'));
// Whoever started it is gone.
process.stdin.on('end', () => process.exit(0)).resume();

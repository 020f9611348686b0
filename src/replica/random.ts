const pool = new Uint8Array(4096);
let used = pool.length;
/** More than this is for keys, which come from the system directly and leave no copy. */
const small = 16;
/** Bytes that the system gives at once. */
const most = 65_536;

function fresh(bytes: number): Uint8Array {
  const filled = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += most) crypto.getRandomValues(filled.subarray(at, at + most));
  return filled;
}

/** Random bytes. Asking the system for a few of them costs as much as making a header, so it is asked for many at once. */
export function pooledRandom(bytes: number): Uint8Array {
  if (bytes > small) return fresh(bytes);
  if (used + bytes > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const taken = pool.slice(used, used + bytes);
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
}

// One set-up at a time in a clone: a lock file with the holder's process id, kept fresh while it lives.
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const FRESH_EVERY_MS = 2_000;
const STALE_AFTER_MS = 30_000;

const removeQuietly = (path) => {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or not ours to change: the next look will tell.
  }
};

function tryCreate(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path) {
  try {
    return { text: readFileSync(path, 'utf8'), age: Date.now() - statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isStale({ text, age }) {
  if (age > STALE_AFTER_MS) return true;
  const [host, ...pids] = text.trim().split(' ');
  return host === hostname() && pids.length > 0 && !pids.some((pid) => isAlive(Number(pid)));
}

/** Takes a dead holder's lock away; when someone renewed it in between, puts theirs back. */
function evict(path, text) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readHolder(aside)?.text !== text) {
    try {
      linkSync(aside, path);
    } catch {
      // Gone already, or not ours to change: the next look will tell.
    }
  }
  removeQuietly(aside);
}

/**
 * Runs `work` alone; `onWait(pid)` is called once when another process holds the lock. `work` gets a function
 * that names a child which must also be gone before the lock counts as left behind: npm outlives us when we
 * are killed, and two of them at once spoil node_modules.
 */
export async function withLock(path, onWait, work) {
  let text = `${hostname()} ${process.pid}`;
  for (let waited = false; !tryCreate(path, text); ) {
    const holder = readHolder(path);
    if (holder && isStale(holder)) evict(path, holder.text);
    else if (holder) {
      if (!waited) onWait(holder.text.split(' ')[1]);
      waited = true;
      await sleep(200);
    }
  }
  const release = () => {
    if (readHolder(path)?.text === text) removeQuietly(path);
  };
  const alsoHeldBy = (pid) => {
    text = `${text} ${pid}`;
    writeFileSync(path, text);
  };
  const touch = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Gone already, or not ours to change: the next look will tell.
    }
  }, FRESH_EVERY_MS);
  process.once('exit', release);
  try {
    return await work(alsoHeldBy);
  } finally {
    clearInterval(touch);
    process.removeListener('exit', release);
    release();
  }
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Env, Hono } from 'hono';
import { safeHeaders } from './errors.ts';

/**
 * Scripts, styles and sockets of this origin alone; nothing that is written into the page itself. WebAssembly is for the
 * page's own replica.
 */
export const dashboardPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Beside the build, wherever this module runs from. */
function folder(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const places = ['../../dashboard', '../../dist/dashboard'].map((path) => resolve(here, path));
  return places.find((path) => existsSync(resolve(path, 'index.html'))) ?? places[0] ?? here;
}

/** A name that holds a hash of what is in it never means anything else. */
const isHashed = (path: string): boolean => path.startsWith('/assets/');

/** Serves the dashboard: its files, which hold nothing of the workspace, to whoever may ask this door at all. */
export function serveDashboard<E extends Env>(app: Hono<E>): void {
  const serve = serveStatic<E>({ root: folder(), precompressed: true });
  for (const path of ['/', '/assets/*', '/icon.svg', '/sw.js', '/manifest.webmanifest', '/icons/*'])
    app.get(path, async (c, next) => {
      const answer = await serve(c, next);
      if (!(answer instanceof Response)) return answer;
      for (const [name, value] of Object.entries(safeHeaders)) answer.headers.set(name, value);
      answer.headers.set(
        'cache-control',
        isHashed(c.req.path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
      answer.headers.set('content-security-policy', dashboardPolicy);
      answer.headers.set('x-frame-options', 'DENY');
      return answer;
    });
}

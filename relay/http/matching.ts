import type { Route } from './route.ts';
import { routes } from './routes/index.ts';

const patterns = routes.map((route) => ({
  route,
  pattern: new RegExp(
    `^${route.path.replaceAll('.', '[.]').replace(/\{([^}]+)\}/g, (_, name: string) => `(?<${name}>[^/]+)`)}$`,
  ),
}));

/** The methods of a path, for those who asked with another. */
export function methodsOf(path: string): string[] {
  const fits = patterns.filter(({ pattern }) => pattern.test(path));
  return [
    ...new Set(
      fits.flatMap(({ route: { method } }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])),
    ),
  ];
}

/** The route of a method and a path, and what its path names, decoded; undefined where there is none. */
export function findRoute(
  method: string,
  path: string,
): { readonly route: Route; readonly params: Readonly<Record<string, string>> } | undefined {
  for (const { route, pattern } of patterns) {
    if (route.method.toUpperCase() !== method) continue;
    const found = pattern.exec(path);
    if (!found) continue;
    try {
      const params = Object.entries(found.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return { route, params: Object.fromEntries(params) as Record<string, string> };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

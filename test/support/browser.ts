import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import bundled from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

/** A Chromium that is installed on this machine. */
function installed(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '');
  return places
    .flatMap((place) => names.map((name) => join(place, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Starts a browser without a window: the machine's own Chromium where there is one, else the one that a development
 * dependency brings for Linux on x64. Resolves to why none runs here where none does.
 */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser | string> {
  const own = installed();
  if (own === undefined && (process.platform !== 'linux' || process.arch !== 'x64'))
    return `no Chromium is installed, and the one of the tests is not for ${process.platform} on ${process.arch}`;
  try {
    const executablePath = own ?? (await bundled.executablePath());
    // Not the flags that the package comes with: they switch off what keeps one site from another.
    const usual = ['--no-sandbox', '--disable-gpu'];
    return await chromium.launch({
      executablePath,
      args: [...usual, ...args],
      headless: true,
      timeout: 60_000,
    });
  } catch (error) {
    return `Chromium does not run here: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
}

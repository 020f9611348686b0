export {
  type BrowserStorage,
  type BrowserStorageOptions,
  isBrowserStorageKept,
  openBrowserStorage,
  openBrowserStore,
  removeBrowserStorage,
} from './open.ts';

import type * as Original from '../../../../src/replica/version.ts';

declare const __COTERIE_VERSION__: string;

export const version: typeof Original.version = __COTERIE_VERSION__;

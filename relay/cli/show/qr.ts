import { renderUnicodeCompact } from 'uqr';

/**
 * A text as a QR code of half blocks, light modules drawn, as it is read from a dark terminal; undefined where it has not so
 * many columns.
 */
export function qr(text: string, columns: number): string | undefined {
  const drawn = renderUnicodeCompact(text, { ecc: 'L', border: 2 });
  const [line = ''] = drawn.split('\n');
  return [...line].length <= columns ? drawn : undefined;
}

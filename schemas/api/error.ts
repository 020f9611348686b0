import { z } from 'zod';
import type { ErrorShape } from '../coterie-error.ts';
import { type ErrorCode, errorCodes } from '../errors.ts';

/** The one shape of an error, at every door. Apart from the errors themselves, which must load quickly. */
export const ErrorAnswer = z.strictObject({
  error: z.strictObject({
    code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    hint: z.string(),
    legal: z.array(z.string()).optional(),
  }),
});
export type ErrorAnswer = ErrorShape;

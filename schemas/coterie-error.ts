import { type ErrorCode, errorKinds } from './errors.ts';

/** The one shape of an error, at every door; `schemas/api/error.ts` checks it. */
export interface ErrorShape {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint: string;
    /** What would be accepted instead: legal moves, the longer forms of a short id. */
    readonly legal?: readonly string[] | undefined;
  };
}

/** An error of the closed list. */
export class CoterieError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly legal: readonly string[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; legal?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CoterieError';
    this.code = code;
    this.hint = options.hint ?? errorKinds[code].hint;
    this.legal = options.legal;
  }

  get status(): number {
    return errorKinds[this.code].status;
  }

  get exit(): number {
    return errorKinds[this.code].exit;
  }

  toJSON(): ErrorShape {
    return {
      error: {
        code: this.code,
        message: this.message,
        hint: this.hint,
        ...(this.legal ? { legal: [...this.legal] } : {}),
      },
    };
  }
}

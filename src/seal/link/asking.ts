import type { SealedError } from '../../../schemas/sealed.ts';
import type { ToClient, ToRelay } from '../wire.ts';

/** Why the relay did not do what it was asked. */
export class RelayRefusal extends Error {
  readonly code: SealedError;
  constructor(code: SealedError, message: string) {
    super(message);
    this.code = code;
  }
}

/** What answers a question. */
export type Answer = Extract<ToClient, { readonly type: 'records' | 'appended' | 'ok' }>;
type Of<Type extends Answer['type']> = Extract<Answer, { readonly type: Type }>;

/** Sends a question with a tag and resolves with its answer; rejects with a `RelayRefusal`, or when it is over. */
export type Ask = <Type extends Answer['type']>(
  question: (tag: number) => ToRelay,
  type: Type,
) => Promise<Of<Type>>;

interface Waiting {
  readonly type: Answer['type'];
  done(answer: Answer): void;
  failed(error: Error): void;
}

/** Questions of a session, and their answers by tag. */
export function createAsking(send: (message: ToRelay) => void) {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let over = false;

  const ask: Ask = (question, type) => {
    if (over) return Promise.reject(new Error('the session is over'));
    const tag = ++last;
    return new Promise((resolve, failed) => {
      waiting.set(tag, { type, done: (answer) => resolve(answer as Of<typeof type>), failed });
      send(question(tag));
    });
  };

  return {
    ask,
    answered(message: Answer | Extract<ToClient, { readonly type: 'error' }>): void {
      const one = waiting.get(message.tag);
      waiting.delete(message.tag);
      if (message.type === 'error') one?.failed(new RelayRefusal(message.code, message.message));
      else if (one?.type === message.type) one.done(message);
      else one?.failed(new Error(`the relay answered a question with ${message.type}`));
    },
    end(): void {
      over = true;
      for (const { failed } of waiting.values()) failed(new Error('the session is over'));
      waiting.clear();
    },
  };
}

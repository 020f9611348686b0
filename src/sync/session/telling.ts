import type { Core } from './core.ts';

/** What a peer that takes one kind of statements is to be told. */
export interface Telling {
  /** Names of statements: of several of one name it is told the newest. */
  readonly due: Set<string>;
  stop(): void;
}

/** Statements of one kind, as sessions pass them on. */
export interface Told<T> {
  names(): readonly string[];
  named(name: string): T | undefined;
  take(statement: T, from: number): Promise<void>;
  onNew(listener: (name: string, origin: number | undefined) => void): () => void;
}

interface Kind<T> {
  /** Statements in one message. */
  readonly each: number;
  /** Undefined where none are taken, or the peer takes none. */
  to(core: Core): Told<T> | undefined;
  from(core: Core): Told<T> | undefined;
  telling(core: Core): Telling | undefined;
  begun(core: Core, telling: Telling): void;
  send(core: Core, statements: readonly T[]): void;
}

/**
 * Passes signed statements on. They travel once both are in step, so that the members log is there by which they are
 * judged, and are never stored.
 */
function createTelling<T>(kind: Kind<T>) {
  /** What is due, unless too much waits to be sent: then when the transport drained. */
  function tell(core: Core): void {
    const told = kind.to(core);
    const due = kind.telling(core)?.due;
    if (!told || !due) return;
    while (due.size > 0 && core.alive() && !core.congested()) {
      const names = [...due].slice(0, kind.each);
      for (const name of names) due.delete(name);
      const found = names.flatMap((name) => told.named(name) ?? []);
      if (found.length > 0) kind.send(core, found);
    }
  }

  return {
    /** Tells all that holds, and from now on what is new. */
    begin(core: Core): void {
      const told = kind.to(core);
      if (!told || kind.telling(core) || !core.alive()) return;
      const due = new Set(told.names());
      const stop = told.onNew((name, origin) => {
        if (origin === core.options.id) return;
        due.add(name);
        tell(core);
      });
      kind.begun(core, { due, stop });
      tell(core);
    },

    tell,

    taken(core: Core, statements: readonly T[]): void {
      void core.work(async () => {
        for (const statement of statements) await kind.from(core)?.take(statement, core.options.id);
      });
    },
  };
}

/** Who is present. */
export const presence = createTelling({
  each: 32,
  to: (core) => (core.takesPresence ? core.source.statements : undefined),
  from: (core) => core.source.statements,
  telling: (core) => core.presence,
  begun(core, telling) {
    core.presence = telling;
  },
  send: (core, statements) => core.send({ type: 'presence', statements }),
});

/** How far replicas read the mailboxes of sealed relays. */
export const heads = createTelling({
  each: 8,
  to: (core) => (core.takesHeads ? core.source.heads : undefined),
  from: (core) => core.source.heads,
  telling: (core) => core.heads,
  begun(core, telling) {
    core.heads = telling;
  },
  send: (core, statements) => core.send({ type: 'heads', statements }),
});

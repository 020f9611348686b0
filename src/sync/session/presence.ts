import type { Statement } from '../port.ts';
import type { Core } from './core.ts';

/** Statements in one message. */
const each = 32;

/** What a peer that takes presence is to be told. */
export interface Telling {
  /** Names of statements: of several of one name it is told the newest. */
  readonly due: Set<string>;
  stop(): void;
}

/** What is due, unless too much waits to be sent: then when the transport drained. */
function tell(core: Core): void {
  const { statements } = core.source;
  const due = core.presence?.due;
  if (!statements || !due) return;
  while (due.size > 0 && core.alive() && !core.congested()) {
    const names = [...due].slice(0, each);
    for (const name of names) due.delete(name);
    const found = names.flatMap((name) => statements.named(name) ?? []);
    if (found.length > 0) core.send({ type: 'presence', statements: found });
  }
}

/** Who is present: it travels once both are in step, so that the members log is there, and is never stored. */
export const presence = {
  /** Tells all that holds, and from now on what is new. */
  begin(core: Core): void {
    const { statements } = core.source;
    if (!statements || core.presence || !core.takesPresence || !core.alive()) return;
    const due = new Set(statements.names());
    const stop = statements.onNew((name, origin) => {
      if (origin === core.options.id) return;
      due.add(name);
      tell(core);
    });
    core.presence = { due, stop };
    tell(core);
  },

  tell,

  taken(core: Core, statements: readonly Statement[]): void {
    void core.work(async () => {
      for (const statement of statements) await core.source.statements?.take(statement, core.options.id);
    });
  },
};

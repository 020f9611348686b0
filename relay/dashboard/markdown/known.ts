import { type ReadonlySignal, signal } from '@preact/signals';
import type { Channel, Member, Message, Task } from '../../../schemas/index.ts';
import { type App, useApp } from '../app/context.ts';

/** A thing that texts name, read once for all of them: undefined until it was read, null where there is none. */
type Known<T> = ReadonlySignal<T | null | undefined>;

interface Reader<T> {
  of(app: App, name: string): Known<T>;
}

/** Reads things by name as texts show them, and those again that changed. */
function reader<T extends object>(
  read: (app: App, name: string) => Promise<T>,
  changed: string,
  isOf: (thing: T, subject: string) => boolean,
): Reader<T> {
  const apps = new WeakMap<App, Map<string, ReturnType<typeof signal<T | null | undefined>>>>();
  const most = 500;
  return {
    of(app, name) {
      let known = apps.get(app);
      if (!known) {
        const all = new Map<string, ReturnType<typeof signal<T | null | undefined>>>();
        app.live.on([changed], (event) => {
          const subject = 'subject' in event ? String(event.subject) : undefined;
          for (const [one, value] of all)
            if (!value.value || subject === undefined || isOf(value.value, subject)) load(app, one, value);
        });
        known = all;
        apps.set(app, all);
      }
      const there = known.get(name);
      if (there) return there;
      if (known.size >= most) known.clear();
      const fresh = signal<T | null | undefined>(undefined);
      known.set(name, fresh);
      load(app, name, fresh);
      return fresh;
    },
  };
  function load(app: App, name: string, into: ReturnType<typeof signal<T | null | undefined>>): void {
    read(app, name).then(
      (thing) => {
        into.value = thing;
      },
      () => {
        into.value ??= null;
      },
    );
  }
}

const tasks = reader<Task>(
  ({ door }, id) => door.tasks.get(id),
  'task.*',
  ({ id }, subject) => id === subject,
);
const messages = reader<Message>(
  ({ door }, id) => door.messages.get(id),
  'message.*',
  ({ id }, subject) => id === subject,
);
const members = reader<Member>(
  ({ door }, handle) => door.members.get(handle),
  'member.*',
  ({ id }, subject) => id === subject,
);
const channels = reader<Channel>(
  ({ door }, name) => door.channels.get(name),
  'channel.*',
  ({ id }, subject) => id === subject,
);

export const useTask = (id: string): Task | null | undefined => tasks.of(useApp(), id).value;
export const useMessage = (id: string): Message | null | undefined => messages.of(useApp(), id).value;
export const useMember = (handle: string): Member | null | undefined => members.of(useApp(), handle).value;
export const useChannel = (name: string): Channel | null | undefined => channels.of(useApp(), name).value;

import { useApp } from '../app/context.ts';
import { href } from '../app/router.ts';
import { useChannel, useMember, useMessage, useTask } from './known.ts';

/** A task that a text names: how it is called and where it stands, as that changes. Plain text where there is none. */
export function TaskChip({ id, text }: { readonly id: string; readonly text: string }) {
  const task = useTask(id);
  if (!task) return <>{text}</>;
  return (
    <a class="chip" href={href(['t', task.short])} title={task.title ?? undefined}>
      <span class={`state state-${task.status}`}>{task.status}</span> {task.short}
      <span class="chip-title"> {task.title}</span>
    </a>
  );
}

/** Somebody whom a text calls. */
export function MemberChip({ handle, text }: { readonly handle: string; readonly text: string }) {
  const { me } = useApp();
  const member = useMember(handle);
  if (handle === 'here') return <b class="mention">{text}</b>;
  if (!member) return <>{text}</>;
  return (
    <a
      class={member.handle === me.handle ? 'mention mention-me' : 'mention'}
      href={href(['agents'], { who: member.handle })}
      title={member.name ?? undefined}
    >
      {text}
    </a>
  );
}

export function ChannelChip({ name, text }: { readonly name: string; readonly text: string }) {
  const channel = useChannel(name);
  if (!channel) return <>{text}</>;
  return (
    <a class="mention" href={href(['c', channel.name])}>
      {text}
    </a>
  );
}

const snippet = 80;

/** A message that a link of the text leads to. */
export function MessageChip({ id, text }: { readonly id: string; readonly text: string }) {
  const message = useMessage(id);
  return (
    <a class="chip" href={href(['m', id])}>
      {message ? (
        <>
          <b>{message.author.handle}</b>
          <span class="chip-title"> {(message.text ?? 'redacted').slice(0, snippet)}</span>
        </>
      ) : (
        text
      )}
    </a>
  );
}

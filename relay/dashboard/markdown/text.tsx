/** What somebody wrote, as it is shown everywhere: messages, comments, memory. */
export function Text({ text }: { readonly text: string }) {
  return <div class="text">{text}</div>;
}

/** Markdown of a model as elements. `live`: the text still grows. */
export const Markdown = ({ text }: { readonly text: string; readonly live?: boolean }) => (
  <div class="markdown">{text}</div>
)

/** A block of code, coloured, with a button that copies it. */
export const Code = ({
  code,
}: {
  readonly code: string
  readonly language: string
  readonly filename?: string
  readonly highlightLines?: ReadonlyArray<number>
}) => <pre class="code">{code}</pre>

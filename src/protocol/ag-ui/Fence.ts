/** Code as Markdown, for clients that show text only. Pure. */

/** The fence is longer than each run of backticks in the code, so the code cannot close it. */
export const fenced = ({ code, language }: { readonly code: string; readonly language: string }): string => {
  let longest = 2
  for (const [run] of code.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length)
  const fence = "`".repeat(longest + 1)
  return `\n${fence}${language}\n${code}\n${fence}\n`
}

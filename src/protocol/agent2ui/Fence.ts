/** Code as Markdown, for clients that show only text. Pure. */

/** The fence is longer than each run of backticks in the code, so the code cannot close it. */
export const fenced = (code: string, info: string): string => {
  let longest = 2
  for (const [run] of code.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length)
  const fence = "`".repeat(longest + 1)
  return `${fence}${info}\n${code}\n${fence}`
}

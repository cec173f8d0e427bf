/**
 * The cost of the database's statements on large stores: `npm run explain` runs all parts one after another and prints
 * Markdown; `npm run explain -- turn plans` runs some. All of them take about an hour and 12 GB in the temporary folder.
 */
const parts = {
  /** The cost of a turn for the database, and the share of each index. */
  turn: "./turnStore.ts",
  /** PostgreSQL's plans of every statement, on a million messages. */
  plans: "./explainPlans.ts",
  /** Lists, counts and pages of sessions, on 200 000 sessions and two million messages. */
  sessions: "./sessions.ts",
  /** The operators' lists, on two million runs. */
  runs: "./explainRuns.ts",
  /** The search, on two million messages. */
  search: "./search.ts",
} as const

const isPart = (name: string): name is keyof typeof parts => name in parts

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !isPart(name))
if (unknown.length > 0)
  throw new Error(`No such part: ${unknown.join(", ")}. Choose from ${Object.keys(parts).join(", ")}.`)
for (const name of chosen.length === 0 ? Object.keys(parts) : chosen)
  if (isPart(name)) await import(parts[name])

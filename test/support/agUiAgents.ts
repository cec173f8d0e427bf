/** Real AG-UI servers: pydantic-ai and ag-ui-langgraph, in one process. Words in the user's message choose what they do. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Running, start } from "./processes.ts"

const root = resolve(import.meta.dirname, "../..")
const python = join(root, ".cache/ag-ui-agents/bin/python")

/** The paths of the agents. `/langgraph-default` has the package's default settings. */
export const agUiPaths = ["/pydantic-ai", "/langgraph", "/langgraph-default"] as const
export type AgUiPath = (typeof agUiPaths)[number]

/** The imports take seconds on a loaded machine. */
const readyWithinMs = 60_000

export const startAgUiAgents = (): Promise<Running> => {
  if (!existsSync(python)) throw new Error("The AG-UI agents are missing: run scripts/setup-tests")
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] }
  return start(
    python,
    ["test/support/ag-ui-agents/app.py"],
    env,
    (line) => {
      const port = /^READY \{"port": (\d+)\}/.exec(line)?.[1]
      return port === undefined ? undefined : `http://127.0.0.1:${port}`
    },
    readyWithinMs,
  )
}

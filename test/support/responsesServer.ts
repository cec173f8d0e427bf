/** Real servers of the Responses API over one LangGraph graph, in one process. `responses-server/app.py` lists the scenarios. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Running, start } from "./processes.ts"

const root = resolve(import.meta.dirname, "../..")
const python = join(root, ".cache/responses-server/bin/python")

/** The bases of the servers' `/responses`, below the process's address, and the key that `fast` needs. */
export const responsesPaths = { fast: "/fast/v1", graph: "/graph/v1", plain: "/plain/v1" } as const
export const responsesKey = "secret-key"

/** Without its virtual environment, tests that need it fail with the command to run. */
export const startResponsesServer = (port = 0): Promise<Running> => {
  if (!existsSync(python)) throw new Error("The Responses server is missing: run scripts/setup-tests")
  const args = ["test/support/responses-server/app.py", "--port", String(port)]
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] }
  return start(
    python,
    args,
    env,
    (line) => {
      const found = /^READY \{"port": (\d+)\}/.exec(line)?.[1]
      return found === undefined ? undefined : `http://127.0.0.1:${found}`
    },
    60_000,
  )
}

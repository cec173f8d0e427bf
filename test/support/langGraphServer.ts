/**
 * LangGraph's own Agent Server with its in-memory runtime, as `langgraph dev` starts it, without network or keys. The graphs
 * are in `langgraph-server/graph.py`; the user's message chooses the scenario.
 */
import { copyFileSync, existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { freePort } from "./freePort.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"

const root = resolve(import.meta.dirname, "../..")
/** Python runs the program, because its first line names the folder in which it was installed. */
const bin = resolve(root, ".cache/langgraph-server/bin")
const program = join(bin, "langgraph")
const graphs = resolve(import.meta.dirname, "langgraph-server")

/** No analytics, no look-up of newer versions, no tracing; nothing listens on the port of the endpoint. */
const offline = {
  LANGGRAPH_CLI_NO_ANALYTICS: "1",
  LANGGRAPH_NO_VERSION_CHECK: "true",
  LANGSMITH_TRACING: "false",
  LANGSMITH_ENDPOINT: "http://127.0.0.1:9",
  NO_COLOR: "1",
}

/** The server prints its last line before it listens. */
const listening = async ({ isAlive, output, url }: Running): Promise<void> => {
  while (isAlive()) {
    const ok = await fetch(`${url}/ok`).catch(() => undefined)
    await ok?.body?.cancel()
    if (ok?.status === 200) return
    await new Promise((resolved) => setTimeout(resolved, 50))
  }
  throw new Error(`ended before it listened:\n${output()}`)
}

export const startLangGraph = async (): Promise<Running> => {
  if (!existsSync(program)) throw new Error("The LangGraph server is missing: run scripts/setup-tests")
  const port = await freePort()
  // The server reads its graphs from its working directory and stores its threads there.
  const folder = temporaryFolder()
  for (const file of ["graph.py", "langgraph.json"]) copyFileSync(join(graphs, file), join(folder.path, file))
  const args = ["dev", "--port", String(port), "--no-browser", "--no-reload"]
  const running = await start(
    join(bin, "python"),
    // A run that waits would otherwise delay all others.
    [program, ...args, "--n-jobs-per-worker", "10"],
    { PATH: process.env["PATH"], HOME: folder.path, ...offline },
    (line) => (line.includes("background workers") ? `http://127.0.0.1:${port}` : undefined),
    60_000,
    folder.path,
  )
  void running.exited.finally(folder.dispose)
  await listening(running)
  return running
}

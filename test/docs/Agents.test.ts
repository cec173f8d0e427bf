/**
 * The example agents of the how-to pages: the page's files, its commands and its environment of the gateway, in the
 * virtual environments of the tests. Ports are free ones instead of those of the page. Its installation is not run; the
 * tests' environment has the page's versions.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { startAgUiAgents } from "../support/agUiAgents.ts"
import { freePort } from "../support/freePort.ts"
import { type Running, start, startGateway, temporaryFolder } from "../support/processes.ts"
import { responsesPaths, startResponsesServer } from "../support/responsesServer.ts"
import { blocksOf, environmentOf, expectInOrder, run } from "./page.ts"

interface Example {
  readonly page: string
  /** The folder of the virtual environment and of its requirements. */
  readonly environment: string
  /** The files of the page: its language and its name. */
  readonly files: Readonly<Record<string, string>>
  readonly port: string
  /** A line of the agent's output after it listens. */
  readonly listens: string
  readonly prints: ReadonlyArray<string>
}

const examples: ReadonlyArray<Example> = [
  {
    page: "use-an-ag-ui-agent",
    environment: "ag-ui-agents",
    files: { python: "agent.py" },
    port: "8000",
    listens: "Uvicorn running",
    prints: ['"content":"You said: "', '"content":"Hello"', '"executionMode":"runtime_orchestrator"'],
  },
  {
    page: "use-a-langgraph-agent",
    environment: "langgraph-server",
    files: { python: "graph.py", json: "langgraph.json" },
    port: "2024",
    listens: "background workers",
    prints: [
      '"runtime":{"status":"healthy"}',
      '"content":"You said: Hello"',
      '"executionMode":"runtime_orchestrator"',
    ],
  },
]

const installs = "pip install"
const startsGateway = "npm start"

/** Python needs seconds for its imports on a loaded machine. No analytics, no look-ups of versions, no tracing. */
const startAgent = async ({ listens, page, port }: Example, folder: string, free: string) => {
  const command = blocksOf(page, "bash").find(
    (block) => !block.includes(installs) && !block.includes(startsGateway),
  )
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    LANGGRAPH_CLI_NO_ANALYTICS: "1",
    LANGGRAPH_NO_VERSION_CHECK: "true",
    LANGSMITH_TRACING: "false",
    NO_COLOR: "1",
  }
  const shell = ["-c", `exec ${command?.replace(port, free)}`]
  const ready = (line: string) => (line.includes(listens) ? `http://127.0.0.1:${free}` : undefined)
  return start("bash", shell, env, ready, 60_000, folder)
}

/** The variables of the page's first command that starts a gateway. */
const gatewayEnvOf = (
  { page, port }: Pick<Example, "page" | "port">,
  free: string,
): Readonly<Record<string, string>> => {
  const command = blocksOf(page, "bash").find((block) => block.includes(startsGateway)) ?? ""
  return Object.fromEntries(
    Array.from(command.matchAll(/([A-Z_]+)=(\S+)/g), ([, name = "", value = ""]) => [
      name,
      value.replace(port, free),
    ]),
  )
}

const withGateway = async <A>(
  env: Readonly<Record<string, string>>,
  folder: string,
  use: (gateway: Running) => Promise<A>,
): Promise<A> => {
  const gateway = await startGateway({ ...env, DATA_DIR: folder, CHAT_RUNTIME_PROBES: "false" })
  try {
    return await use(gateway)
  } finally {
    await gateway.stop("SIGKILL")
  }
}

describe("the example agents of the how-to pages", { timeout: 120_000 }, () => {
  it.each(examples)("answer: $page", async (example) => {
    const folder = temporaryFolder()
    symlinkSync(environmentOf(example.environment), join(folder.path, ".venv"))
    for (const [language, file] of Object.entries(example.files))
      writeFileSync(join(folder.path, file), blocksOf(example.page, language).join("\n"))
    const free = String(await freePort())
    const agent = await startAgent(example, folder.path, free)
    try {
      const output = await withGateway(gatewayEnvOf(example, free), folder.path, ({ url }) =>
        run(example.page, "sh", { url, folder: folder.path }),
      )
      expectInOrder(output, example.prints)
    } finally {
      // `langgraph dev` has a process of its own for the server, and ends it at this signal.
      await agent.stop("SIGTERM")
      folder.dispose()
    }
  })

  it.each(examples)("have the versions of the tests: $page", ({ environment, page }) => {
    const pinned = readFileSync(`test/support/${environment}/requirements.txt`, "utf8").split("\n")
    const named = Array.from(
      blocksOf(page, "bash")
        .join("\n")
        .matchAll(/([\w-]+)(?:\[[\w-]+\])?==([\d.]+)/g),
      ([, name, version]) => `${name}==${version}`,
    )
    expect(named).not.toEqual([])
    expect(pinned).toEqual(expect.arrayContaining(named))
  })
})

describe("the commands of the page about Responses agents", { timeout: 120_000 }, () => {
  it("connect a real server", async () => {
    const folder = temporaryFolder()
    const server = await startResponsesServer()
    const page = "use-a-responses-agent"
    const base = `${server.url}${responsesPaths.plain}`
    const env = gatewayEnvOf({ page, port: "http://127.0.0.1:8000/v1" }, base)
    try {
      const output = await withGateway(env, folder.path, ({ url }) =>
        run(page, "sh", { url, folder: folder.path }),
      )
      expectInOrder(output, [
        '"runtime":{"status":"healthy"}',
        '"type":"text"',
        '"executionMode":"runtime_orchestrator"',
      ])
    } finally {
      await server.stop("SIGKILL")
      folder.dispose()
    }
  })
})

describe("the AG-UI front end of the how-to page", { timeout: 120_000 }, () => {
  it("answers the question of a pydantic-ai agent", async () => {
    const folder = temporaryFolder()
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"))
    const agents = await startAgUiAgents()
    const env = {
      RUNTIME_PROTOCOL: "ag-ui",
      RUNTIME_SERVICE_URL: `${agents.url}/pydantic-ai`,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
    }
    try {
      const output = await withGateway(env, folder.path, ({ url }) =>
        run("ag-ui-front-end", "js", { url, folder: folder.path, args: ["APPROVE"] }),
      )
      expectInOrder(output, ["[delete_file]\n", "approved: ", "It is done."])
    } finally {
      await agents.stop("SIGKILL")
      folder.dispose()
    }
  })
})

/** The real agent servers of the matrix, and the message that makes each of them play a scenario. */
import { agUiPaths, startAgUiAgents } from "../support/agUiAgents.ts"
import { startLangGraph } from "../support/langGraphServer.ts"
import { type Running, startPython } from "../support/processes.ts"
import { responsesKey, responsesPaths, startResponsesServer } from "../support/responsesServer.ts"

/** `failingTool`: the tool reports a failure and the agent continues. `history`: the agent lists the messages that it has. */
export type Scenario =
  | "text"
  | "reasoning"
  | "tool"
  | "failingTool"
  | "parallelTools"
  | "errorBefore"
  | "errorMiddle"
  | "interrupt"
  | "slow"
  | "history"

export interface RealRuntime {
  readonly name: string
  readonly start: () => Promise<Running>
  readonly env: (url: string) => Readonly<Record<string, string>>
  /** The name of the tool in the scenario `tool`. */
  readonly tool: string
  /** The message of each scenario; undefined where the server has no such behaviour. */
  readonly says: Readonly<Record<Scenario, string | undefined>>
  /** The messages that the server has in the third turn, after a turn with a tool and one without. */
  readonly history: ReadonlyArray<string>
}

const play = (scenario: string, fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ scenario, ...fields })

const words: RealRuntime["says"] = {
  text: "TEXT",
  reasoning: "REASON",
  tool: "TOOL",
  failingTool: "RETRYTOOL",
  parallelTools: "TOOL2",
  errorBefore: "ERR0",
  errorMiddle: "ERRMID",
  interrupt: "APPROVE",
  slow: "SLOW",
  history: "HISTORY",
}

const pydanticHistory = [
  "user-prompt",
  "tool-call",
  "tool-return",
  "text",
  "user-prompt",
  "text",
  "user-prompt",
]
const langGraphHistory = ["human", "ai", "tool", "ai", "human", "ai", "human"]

const agUi = (
  name: string,
  path: (typeof agUiPaths)[number],
  history: RealRuntime["history"] = langGraphHistory,
): RealRuntime => ({
  name,
  tool: "get_weather",
  history,
  start: startAgUiAgents,
  env: (url) => ({ RUNTIME_PROTOCOL: "ag-ui", RUNTIME_SERVICE_URL: `${url}${path}` }),
  says: words,
})

export const agent2ui: RealRuntime = {
  name: "agent2ui",
  start: () => startPython({ pingMs: 50 }),
  env: (url) => ({ RUNTIME_SERVICE_URL: url }),
  says: {
    text: play("slow", { count: 2, delay_ms: 1 }),
    reasoning: play("echo", { message: "x" }),
    tool: play("agent"),
    failingTool: play("failing-calls"),
    // Its calls have no ids and its test server runs one at a time.
    parallelTools: undefined,
    errorBefore: play("error"),
    errorMiddle: play("error", { after_text: 2 }),
    interrupt: undefined,
    slow: play("hang", { after: "text" }),
    // `Clients.test.ts` reads its requests.
    history: undefined,
  },
  history: [],
  tool: "search",
}

export const realRuntimes: ReadonlyArray<RealRuntime> = [
  agent2ui,
  agUi("AG-UI by pydantic-ai", "/pydantic-ai", pydanticHistory),
  agUi("AG-UI by LangGraph", "/langgraph"),
  agUi("AG-UI by LangGraph with its defaults", "/langgraph-default"),
  {
    name: "LangGraph Server",
    start: startLangGraph,
    env: (url) => ({ RUNTIME_PROTOCOL: "langgraph", RUNTIME_SERVICE_URL: url }),
    tool: "get_weather",
    says: { ...words, failingTool: "SOFTTOOL" },
    history: langGraphHistory,
  },
  {
    name: "Responses",
    start: () => startResponsesServer(),
    env: (url) => ({
      RUNTIME_PROTOCOL: "responses",
      RUNTIME_SERVICE_URL: `${url}${responsesPaths.fast}`,
      RUNTIME_HEADERS: `authorization: Bearer ${responsesKey}`,
    }),
    // The output of a function call has no field for a failure.
    tool: "get_weather",
    says: { ...words, failingTool: undefined },
    history: ["system", ...langGraphHistory],
  },
]

/** Sends turns at a fixed rate, and counts the modes that answered. */
import { eventsOf } from "../../client/Sse.ts"
import { dataOf, open } from "../service/Service.ts"

export const turns = 20
const everyMs = 200

export interface Sent {
  readonly sent: number
  readonly ended: number
  readonly runtime: number
  readonly direct: number
  readonly failed: number
}

export const firstAgent = async (signal: AbortSignal): Promise<string> => {
  const agents = await dataOf<ReadonlyArray<{ readonly id: string }>>("/api/v1/agents?limit=1", { signal })
  const [first] = agents
  if (first === undefined) throw new Error("Your organisation has no agent.")
  return first.id
}

type Ending = "runtime" | "direct" | "failed"

const turn = async (agentId: string, place: number, signal: AbortSignal): Promise<Ending> => {
  const response = await open("/api/v1/chat/start", {
    method: "POST",
    body: { agentId, message: `Sandbox turn ${place}` },
    signal,
  })
  if (response.body === null) return "failed"
  for await (const { data, event } of eventsOf(response.body, (read) => read)) {
    if (event === "error") return "failed"
    if (event !== "done") continue
    const { executionMode } = JSON.parse(data) as { readonly executionMode?: string }
    return executionMode === "runtime_orchestrator" ? "runtime" : "direct"
  }
  return "failed"
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resume) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resume()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end)
  })

/** An abort sends no further turn; turns that run already end in the gateway. */
export const sendTurns = async (
  agentId: string,
  signal: AbortSignal,
  changed: (sent: Sent) => void,
): Promise<void> => {
  let counts: Sent = { sent: 0, ended: 0, runtime: 0, direct: 0, failed: 0 }
  const count = (change: (counts: Sent) => Sent) => {
    counts = change(counts)
    if (!signal.aborted) changed(counts)
  }
  const run = async (place: number) => {
    const ending = await turn(agentId, place, signal).catch((): Ending => "failed")
    count((now) => ({ ...now, ended: now.ended + 1, [ending]: now[ending] + 1 }))
  }
  const running: Array<Promise<void>> = []
  for (let place = 1; place <= turns && !signal.aborted; place++) {
    running.push(run(place))
    count((now) => ({ ...now, sent: now.sent + 1 }))
    await pause(everyMs, signal)
  }
  await Promise.all(running)
}

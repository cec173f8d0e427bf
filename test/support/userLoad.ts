/**
 * The users of a drill: turns that arrive as the simulator draws them, and the result of each. All measurements are
 * at the client's end of the HTTP API.
 */
import type { DrawnTurn } from "../../src/simulation/Upstream.ts"
import { Client, type Frame, tokenFor } from "./chatClient.ts"

export interface Chat {
  readonly orgId: string
  /** Empty if it never began. */
  readonly runId: string
  /** Milliseconds of `performance.now()`. */
  readonly begunAt: number
  /** Measured from `begunAt`; undefined without content. */
  readonly firstContentMs: number | undefined
  readonly endMs: number
  /** The mode that was decided before it began, announced at `decidedAt`. */
  readonly decided: string | null
  readonly decidedAt: number
  readonly moved: boolean
  /** It ended in `done`. */
  readonly answered: boolean
}

/** The pause before each of five words, after the runtime's own thinking. */
export const wordMs = 200
const message = JSON.stringify({ scenario: "slow", count: 5, delay_ms: wordMs })
const usersOfOrg = 3
/** Longer than any deadline of the gateway that can expire here. */
const patienceMs = 90_000

const isContent = ({ data, event }: Frame): boolean => event === "message" && data.type === "text"

const chat = async (client: Client, orgId: string): Promise<Chat> => {
  const begunAt = performance.now()
  let runId = ""
  let decided: string | null = null
  let decidedAt = Infinity
  let firstContentMs: number | undefined
  let moved = false
  let answered = false
  try {
    const stream = await client.start(message)
    runId = stream.runId
    decided = stream.response.headers.get("x-execution-mode")
    decidedAt = performance.now()
    const impatience = setTimeout(() => stream.leave(), patienceMs)
    for (let frame = await stream.next(); frame !== undefined; frame = await stream.next()) {
      if (isContent(frame)) firstContentMs ??= performance.now() - begunAt
      if (frame.event === "message" && frame.data.type === "fallback") moved = true
      if (frame.event === "done") answered = true
    }
    clearTimeout(impatience)
  } catch {
    // A broken connection is a failed chat.
    answered = false
  }
  const endMs = performance.now() - begunAt
  return { orgId, runId, begunAt, firstContentMs, endMs, decided, decidedAt, moved, answered }
}

export class Load {
  readonly chats: Array<Chat> = []
  /** Milliseconds of `performance.now()`. */
  readonly beganAt = performance.now()
  /** The largest delay of a turn's start: a busy machine stretches all figures. */
  latestMs = 0
  private readonly underWay = new Set<Promise<void>>()
  private readonly coming: Promise<void>
  private over = false

  /** Turns arrive until `finish`. */
  constructor(url: string, turns: Iterable<DrawnTurn>) {
    this.coming = this.run(url, turns)
  }

  private async run(url: string, turns: Iterable<DrawnTurn>): Promise<void> {
    const clients = new Map<string, Client>()
    for (const { atMs, number, orgId } of turns) {
      const wait = this.beganAt + atMs - performance.now()
      if (wait > 0) await new Promise((done) => setTimeout(done, wait))
      if (this.over) return
      this.latestMs = Math.max(this.latestMs, performance.now() - this.beganAt - atMs)
      const user = `user-${number % usersOfOrg}`
      const key = `${orgId} ${user}`
      const client = clients.get(key) ?? new Client(url, await tokenFor(orgId, user))
      clients.set(key, client)
      const turn = chat(client, orgId).then((ended) => {
        this.chats.push(ended)
        this.underWay.delete(turn)
      })
      this.underWay.add(turn)
    }
  }

  /** Stops new turns and waits for the running ones. */
  async finish(): Promise<void> {
    this.over = true
    await this.coming
    await Promise.all(this.underWay)
  }
}

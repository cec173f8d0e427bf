/**
 * The users of a drill: turns that come as the simulator's do, and what each of them is told. Everything is measured
 * here, at the other end of the HTTP API.
 */
import type { DrawnTurn } from "../../src/simulation/Upstream.ts"
import { Client, type Frame, tokenFor } from "./chatClient.ts"

export interface Chat {
  readonly orgId: string
  /** Empty: it never began. */
  readonly runId: string
  /** Milliseconds of `performance.now()`. */
  readonly begunAt: number
  /** Undefined: never. From `begunAt` on. */
  readonly firstContentMs: number | undefined
  readonly endMs: number
  /** The mode that was decided before it began, which was told at `decidedAt`. */
  readonly decided: string | null
  readonly decidedAt: number
  readonly moved: boolean
  /** It ended in `done`. */
  readonly answered: boolean
}

/** Before each of five words, after the thinking that the runtime does by itself. */
export const wordMs = 200
const message = JSON.stringify({ scenario: "slow", count: 5, delay_ms: wordMs })
const usersOfOrg = 3
/** Longer than any clock of the gateway's that can strike here. */
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
    // A connection that breaks is a chat that failed.
    answered = false
  }
  const endMs = performance.now() - begunAt
  return { orgId, runId, begunAt, firstContentMs, endMs, decided, decidedAt, moved, answered }
}

export class Load {
  readonly chats: Array<Chat> = []
  /** Milliseconds of `performance.now()`. */
  readonly beganAt = performance.now()
  /** By how much a turn came too late at worst: a machine that is busy with other things stretches all figures. */
  latestMs = 0
  private readonly underWay = new Set<Promise<void>>()
  private readonly coming: Promise<void>
  private over = false

  /** They come until `finish`. */
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

  /** Nobody comes any more, and everybody has been answered. */
  async finish(): Promise<void> {
    this.over = true
    await this.coming
    await Promise.all(this.underWay)
  }
}

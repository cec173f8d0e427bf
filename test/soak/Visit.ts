/** One turn as its user sees it: read to the end, left, resumed, cancelled, or read by two readers. */
import { type Client, type Frame, type Stream } from "../support/chatClient.ts"
import type { Dice } from "../fuzz/Mutation.ts"

export const behaviours = ["read", "read", "read", "leave", "resume", "resume", "cancel", "twice"] as const
export type Behaviour = (typeof behaviours)[number]

export interface Visit {
  readonly number: number
  readonly behaviour: Behaviour
  /** Undefined if it was refused with this status. */
  readonly runId: string | undefined
  readonly status: number
  readonly sessionId: string
  /** All frames with an id, over all connections of this reader. */
  readonly frames: ReadonlyArray<Frame>
  /** The reader read until the connection ended. */
  readonly toTheEnd: boolean
  /** The exception that ended the reading. */
  readonly broken: string | undefined
}

const good = [
  { scenario: "echo" },
  { scenario: "slow", count: 6, delay_ms: 40 },
  { scenario: "slow", count: 20, delay_ms: 50 },
  { scenario: "all" },
  { scenario: "all", split: "utf8" },
  { scenario: "agent", plan_ms: 100, call_ms: 200 },
  { scenario: "final-only" },
] as const

const bad = [
  { scenario: "error", after_text: 2 },
  { scenario: "cut", after: "text", n: 2, reset: true },
  { scenario: "cut", after: "tool_call" },
  { scenario: "truncate", after: "text", n: 3 },
  { scenario: "garbage", n: 6 },
  { scenario: "garbage", n: 2 },
  { scenario: "hang", after: "text", n: 1 },
  { scenario: "hang", after: "tool_call" },
  { scenario: "http", status: 503 },
  { scenario: "http", status: 429, retry_after: 1 },
] as const

const messageOf = ({ below, pick }: Dice, number: number): string =>
  JSON.stringify({ ...(below(2) === 0 ? pick(good) : pick(bad)), number })

const wait = (ms: number) => new Promise<void>((over) => setTimeout(over, ms))

const numbered = (frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> =>
  frames.filter(({ seq }) => seq !== undefined)

/** Longer than all deadlines together: a turn that lasts longer never ends. */
const patienceMs = 45_000

const toEnd = async (stream: Stream): Promise<void> => {
  const timer = setTimeout(() => stream.leave(), patienceMs)
  try {
    await stream.rest()
  } finally {
    clearTimeout(timer)
  }
}

const some = async (stream: Stream, count: number): Promise<void> => {
  for (let read = 0; read < count && (await stream.next()) !== undefined; read++);
}

const isEnd = ({ event }: Frame): boolean => event === "done" || event === "error"

const resumed = async (client: Client, first: Stream, dice: Dice): Promise<ReadonlyArray<Frame>> => {
  await some(first, dice.below(6))
  first.leave()
  const before = numbered(first.frames)
  await wait(dice.below(600))
  const cursor = `${first.runId}:${before.at(-1)?.seq ?? 0}`
  const again = await client.events(first.runId, { "last-event-id": cursor })
  // The first connection had already read the end.
  if (again.response.status === 204 && before.some(isEnd)) return before
  await toEnd(again)
  return [...before, ...numbered(again.frames)]
}

const twice = async (client: Client, first: Stream): Promise<ReadonlyArray<Frame>> => {
  const second = await client.events(first.runId)
  await Promise.all([toEnd(first), toEnd(second)])
  const [one, two] = [first, second].map(({ frames }) => JSON.stringify(numbered(frames)))
  if (one !== two) throw new Error("two readers of one run got different events")
  return numbered(first.frames)
}

const act = async (
  client: Client,
  stream: Stream,
  behaviour: Behaviour,
  dice: Dice,
): Promise<ReadonlyArray<Frame>> => {
  switch (behaviour) {
    case "read":
      await toEnd(stream)
      return numbered(stream.frames)
    case "leave":
      await some(stream, dice.below(8))
      stream.leave()
      return numbered(stream.frames)
    case "resume":
      return resumed(client, stream, dice)
    case "cancel":
      await some(stream, dice.below(8))
      await client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
      await toEnd(stream)
      return numbered(stream.frames)
    case "twice":
      return twice(client, stream)
  }
}

export const visit = async (client: Client, number: number, dice: Dice): Promise<Visit> => {
  const behaviour = dice.pick(behaviours)
  const message = messageOf(dice, number)
  const refused = { number, behaviour, runId: undefined, sessionId: "", frames: [], toTheEnd: false }
  let stream: Stream
  try {
    stream = await client.start(message)
  } catch (cause) {
    return { ...refused, status: 0, broken: `the request broke: ${String(cause)}` }
  }
  const { status } = stream.response
  if (status !== 200) {
    stream.leave()
    return { ...refused, status, broken: undefined }
  }
  const begun = { number, behaviour, status, runId: stream.runId, sessionId: stream.sessionId }
  try {
    const frames = await act(client, stream, behaviour, dice)
    return { ...begun, frames, toTheEnd: behaviour !== "leave", broken: undefined }
  } catch (cause) {
    return { ...begun, frames: numbered(stream.frames), toTheEnd: false, broken: String(cause) }
  }
}

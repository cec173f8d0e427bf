/** The gateway's own protocol, read as a browser reads it. */
import { Client, type Frame, ofType, type Stream, textOf } from "../support/chatClient.ts"
import { type ClientDriver, nothingShown, type Shown } from "./Shown.ts"

const callsOf = (frames: ReadonlyArray<Frame>): Shown["calls"] =>
  frames.flatMap(({ data, event }) => {
    if (event !== "message" || !/^(tool|skill|mcp)_call$/.test(data.type)) return []
    const result = frames.find(
      (other) =>
        (other.data?.type ?? "").endsWith("_result") && other.data.metadata?.callId === data.metadata?.callId,
    )
    const failed = result === undefined ? undefined : !result.data.data.success
    return [{ name: data.data.skillName ?? data.data.toolName, failed }]
  })

/** The frames that no later `retract` takes back. */
const standing = (frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
  const retracts = ofType(frames, "retract").map(({ data }) => data.data)
  return frames.filter(
    ({ seq = 0 }) => !retracts.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq),
  )
}

const shownBy = (all: ReadonlyArray<Frame>): Shown => {
  const frames = standing(all)
  const last = frames.at(-1)
  return {
    ...nothingShown(),
    text: textOf(frames),
    thinking: ofType(frames, "thinking")
      .map(({ data }) => data.data.content)
      .join(""),
    steps: ofType(frames, "plan").flatMap(({ data }) =>
      data.data.steps.map(({ title }: { title: string }) => title),
    ),
    calls: callsOf(frames),
    files: ofType(frames, "file").map(({ data }) => data.data.filename),
    questions: ofType(frames, "interrupt").map(({ data }) => ({
      id: data.data.interruptId,
      message: data.data.message ?? data.data.reason,
    })),
    error: last?.event === "error" ? last.data.message : last?.event === "done" ? undefined : "no end",
  }
}

export const native: ClientDriver = {
  name: "native",
  cannot: [],
  open: ({ token, url }) => {
    const client = new Client(url, token)
    let sessionId = ""
    let last: Promise<Stream>
    const read = async (begun: Promise<Stream>): Promise<Shown> => {
      last = begun
      const stream = await begun
      sessionId = stream.sessionId
      // A reader shows the events before a cut.
      return shownBy(await stream.rest().catch(() => stream.frames))
    }
    const begin = (message: string) =>
      sessionId === "" ? client.start(message) : client.send(sessionId, message)
    return {
      send: (message) => read(begin(message)),
      answer: (interruptId, payload) =>
        read(client.stream("POST", `/api/v1/chat/sessions/${sessionId}/resume`, { interruptId, payload })),
      cancel: async (message, begun) => {
        const stream = await begin(message)
        await begun()
        await client.json("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
        await stream.rest()
      },
      reopen: async () => {
        const { frames, runId } = await last
        const id = frames.findLast((frame) => frame.id !== undefined)?.id ?? ""
        const more = await client.events(runId, { "last-event-id": id })
        return shownBy([...frames, ...(await more.rest())])
      },
      join: async () => {
        const { runId } = await last
        return shownBy(await (await client.events(runId)).rest())
      },
    }
  },
}

/** Branches with agents that keep their own thread: real AG-UI servers, with both forms of the history. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startAgUiAgents } from "../support/agUiAgents.ts"
import { Client, ofType, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"

let agents: Running

beforeAll(async () => {
  agents = await startAgUiAgents()
}, 90_000)
afterAll(() => agents.stop("SIGKILL"))

describe.each([
  ["langgraph", "last"],
  ["langgraph", "full"],
  ["pydantic-ai", "full"],
] as const)("branches of the agent at %s with the history %s", (path, history) => {
  const folder = temporaryFolder()
  let gateway: Running
  let client: Client
  beforeAll(async () => {
    gateway = await startGateway({
      DATA_DIR: folder.path,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_PROTOCOL: "ag-ui",
      RUNTIME_AG_UI_HISTORY: history,
      RUNTIME_SERVICE_URL: `${agents.url}/${path}`,
      CHAT_RUNTIME_MONITOR_MIN_SAMPLES: "100000",
      CHAT_RUNTIME_PROBES: "false",
    })
    client = new Client(gateway.url, await tokenFor())
  })
  afterAll(async () => {
    await gateway.stop("SIGKILL")
    folder.dispose()
  })

  interface Row {
    readonly id: string
    readonly role: string
  }
  const ended = async (stream: Stream): Promise<Stream> => {
    await stream.rest()
    return stream
  }
  const said = async (message: string, sessionId?: string) =>
    ended(await (sessionId === undefined ? client.start(message) : client.send(sessionId, message)))
  const sent = async (sessionId: string, body: object) =>
    ended(await client.stream("POST", `/api/v1/chat/sessions/${sessionId}`, body))
  const rows = async (sessionId: string): Promise<ReadonlyArray<Row>> =>
    (await client.json("GET", `/api/v1/chat/sessions/${sessionId}`)).data.messages
  const edited = async (id: string, message: string) =>
    ended(await client.stream("POST", `/api/v1/chat/messages/${id}/edit`, { message }))
  const again = async (id: string) =>
    ended(await client.stream("POST", `/api/v1/chat/messages/${id}/regenerate`, {}))
  /** The kinds of the messages in the agent's thread, without its prompt. */
  const remembered = (stream: Stream) => {
    expect(stream.frames.at(-1)?.event).toBe("done")
    return textOf(stream.frames).replaceAll(/system(?:-prompt)?,/g, "")
  }
  const [user, answer] = path === "langgraph" ? ["human", "ai"] : ["user-prompt", "text"]
  const turns = (count: number) => `${`${user},${answer},`.repeat(count)}${user}`

  it("an edited message is no longer remembered, in this turn and in the next", async () => {
    const { sessionId } = await said("Hello")
    await said("secret", sessionId)
    const original = (await rows(sessionId))[2]!
    expect(remembered(await edited(original.id, "HISTORY"))).toBe(turns(1))
    expect(remembered(await said("HISTORY", sessionId))).toBe(turns(2))
    const root = (await rows(sessionId))[0]!
    expect(remembered(await edited(root.id, "HISTORY"))).toBe(user)
    expect(remembered(await said("HISTORY", sessionId))).toBe(turns(1))
  })

  it("another answer does not see the first one, and each branch continues with its own", async () => {
    const { sessionId } = await said("HISTORY")
    const [question, first] = await rows(sessionId)
    expect(remembered(await again(question!.id))).toBe(user)
    expect(remembered(await said("HISTORY", sessionId))).toBe(turns(1))
    const back = { message: "HISTORY", parentMessageId: first!.id }
    expect(remembered(await sent(sessionId, back))).toBe(turns(1))
  })

  it("a message after a failed other answer sees only the question's own branch", async () => {
    const { sessionId } = await said("Hello")
    await said("secret", sessionId)
    const original = (await rows(sessionId))[2]!
    await edited(original.id, "ERR0")
    expect(remembered(await said("HISTORY", sessionId))).toBe(turns(1))
  })

  it("a message after a deleted one does not see it", async () => {
    const { sessionId } = await said("Hello")
    await said("secret", sessionId)
    const deleted = (await rows(sessionId))[2]!
    await client.request("DELETE", `/api/v1/chat/messages/${deleted.id}`)
    expect(remembered(await said("HISTORY", sessionId))).toBe(turns(1))
  })

  const asksIn = ({ frames }: Stream) => ofType(frames, "interrupt").map(({ data }) => data.data.interruptId)
  const approved = async (message: string) => {
    const asked = await said(message)
    const answers = asksIn(asked).map((interruptId) => ({ interruptId, payload: { approved: true } }))
    const url = `/api/v1/chat/sessions/${asked.sessionId}/resume`
    return { asked, stream: await ended(await client.stream("POST", url, { answers })) }
  }

  it("another answer to an approval asks again, and its approval continues there", async () => {
    const { asked, stream } = await approved("APPROVE")
    expect(textOf(stream.frames)).toBe("It is done.")
    const answer = (await rows(asked.sessionId))[2]!
    const other = await again(answer.id)
    expect(other.frames.at(-1)?.data.finishReason).toBe("interrupt")
    expect(ofType(other.frames, "tool_result")).toEqual([])
    const answers = asksIn(other).map((interruptId) => ({ interruptId, payload: { approved: true } }))
    expect(answers).toHaveLength(1)
    const url = `/api/v1/chat/sessions/${asked.sessionId}/resume`
    const done = await ended(await client.stream("POST", url, { answers }))
    expect(textOf(done.frames)).toBe("It is done.")
    const kinds =
      path === "langgraph" ? "human,ai,tool,ai,human" : "user-prompt,tool-call,tool-return,text,user-prompt"
    expect(remembered(await said("HISTORY", asked.sessionId))).toBe(kinds)
  })

  it("a plain message in the place of an approval follows the question", async () => {
    const { asked } = await approved("APPROVE")
    const answer = (await rows(asked.sessionId))[2]!
    const plain = await edited(answer.id, "Better not")
    expect(textOf(plain.frames).trim()).toMatch(/^Hello from a real/)
    expect(remembered(await said("HISTORY", asked.sessionId))).toBe(`${user},${turns(1)}`)
  })
})

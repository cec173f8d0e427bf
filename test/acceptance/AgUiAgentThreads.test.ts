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

  it("INTERRUPT", async () => {
    const asked = await said("APPROVE")
    const [interrupt] = ofType(asked.frames, "interrupt")
    const id = interrupt!.data.interruptId
    const first = await ended(
      await client.stream("POST", `/api/v1/chat/sessions/${asked.sessionId}`, {
        answers: [{ interruptId: id, payload: { approved: true } }],
      }),
    )
    const show = (s: Stream) => console.log(path, history, s.frames.map((f) => [f.event, f.data?.type, JSON.stringify(f.data?.data ?? f.data)].join(" ")).join("\n"))
    if (first.frames.length === 0) console.log(await client.json("POST", `/api/v1/chat/sessions/${asked.sessionId}`, {
        answers: [{ interruptId: id, payload: { approved: true } }],
      }))
    show(first)
    const q = (await rows(asked.sessionId))[2]!
    show(await again(q.id))
    const other = await client.stream("POST", `/api/v1/chat/sessions/${asked.sessionId}`, {
      parentMessageId: (await rows(asked.sessionId))[1]!.id,
      answers: [{ interruptId: id, payload: { approved: false } }],
    })
    show(await ended(other))
    show(await edited(q.id, "Better not"))
  })
})

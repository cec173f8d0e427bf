/** Turns with files at real agent servers, whose agent answers with the type and size of each file that it got. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { PromptMessage } from "../../../src/domain/History.ts"
import { MessageId, RunId, SessionId } from "../../../src/domain/Ids.ts"
import type { UpstreamRecord } from "../../../src/domain/MessageRecord.ts"
import { Executor, type PastMessage } from "../../../src/execution/Executor.ts"
import * as FilesExecutor from "../../../src/execution/files/FilesExecutor.ts"
import * as Runtimes from "../../../src/execution/Runtimes.ts"
import type { RuntimeSettings } from "../../../src/execution/RuntimeSettings.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import { agUiPaths, startAgUiAgents } from "../../support/agUiAgents.ts"
import { runtimeAt, turn } from "../../support/fixtures.ts"
import { attachment, heldFiles } from "../../support/heldFiles.ts"
import { startLangGraph } from "../../support/langGraphServer.ts"
import type { Running } from "../../support/processes.ts"
import { responsesKey, responsesPaths, startResponsesServer } from "../../support/responsesServer.ts"

const image = attachment(1)
const pdf = attachment(2, "pdf")
const notes = attachment(3, "text")
const contents = new Map([
  [image.fileId, Buffer.from("iVBORw0KGgo=", "base64")],
  [pdf.fileId, Buffer.from("%PDF-1.7")],
  [notes.fileId, Buffer.from("name, city")],
])

const uuid = () => crypto.randomUUID()

const past = (
  role: PastMessage["role"],
  content: string,
  fields: Partial<PastMessage> = {},
): PastMessage => ({
  id: MessageId.make(uuid()),
  role,
  content,
  executionMode: role === "user" ? null : "runtime_orchestrator",
  interrupts: [],
  answers: [],
  upstream: undefined,
  ...fields,
})

/** Two turns of one session: the first with an image, the second with a PDF and a text. */
const converse = (settings: RuntimeSettings) => {
  const sessionId = SessionId.make(uuid())
  const say = (current: PromptMessage, before: ReadonlyArray<PastMessage>, id = uuid()) =>
    Effect.gen(function* () {
      const { execute } = yield* Executor
      let text = ""
      let record: UpstreamRecord | undefined
      const asked = turn({
        sessionId,
        runId: RunId.make(uuid()),
        messageId: MessageId.make(id),
        message: current.content,
        attachments: current.attachments ?? [],
        history: [...before, current],
        past: before,
      })
      yield* Stream.runForEach(execute(asked), (event) =>
        Effect.sync(() => {
          if (event._tag === "Finished") record = event.record
          else if (event.draft.type === "text") text += event.draft.data.content
        }),
      )
      return { text: text.trim(), record }
    })
  return Effect.gen(function* () {
    const question = { role: "user", content: "FILES", attachments: [image] } as const
    const id = uuid()
    const first = yield* say(question, [], id)
    const second = yield* say({ role: "user", content: "FILES", attachments: [pdf, notes] }, [
      past("user", question.content, { id: MessageId.make(id), attachments: [image] }),
      past("assistant", first.text, { upstream: first.record }),
    ])
    return [first.text, second.text]
  }).pipe(
    Effect.provide(
      FilesExecutor.around(Runtimes.layer(settings)).pipe(
        Layer.provide([UpstreamHttp.layer, heldFiles({ contents })]),
      ),
    ),
    Effect.runPromise,
  )
}

const both = ["image/png 8", "image/png 8, application/pdf 8"]

describe("an AG-UI agent", () => {
  let agents: Running
  beforeAll(async () => {
    agents = await startAgUiAgents()
  }, 90_000)
  afterAll(() => agents.stop("SIGKILL"))

  it.each(agUiPaths)("sees the files of the message and of earlier ones: %s", async (path) => {
    assert.deepStrictEqual(await converse(runtimeAt(`${agents.url}${path}`, { protocol: "ag-ui" })), both)
  })
})

describe("a LangGraph server", () => {
  let server: Running
  beforeAll(async () => {
    server = await startLangGraph()
  }, 90_000)
  afterAll(() => server.stop())

  it("sees the files of the message and keeps those of earlier ones", async () => {
    assert.deepStrictEqual(await converse(runtimeAt(server.url, { protocol: "langgraph" })), both)
  })
})

describe("a Responses server", () => {
  let server: Running
  beforeAll(async () => {
    server = await startResponsesServer()
  }, 60_000)
  afterAll(() => server.stop("SIGKILL"))

  it("sees the files of the message and keeps those of earlier ones", async () => {
    const url = `${server.url}${responsesPaths.fast}`
    const headers = { authorization: Redacted.make(`Bearer ${responsesKey}`) }
    const settings = runtimeAt(url, { protocol: "responses", agent: "agent", headers })
    assert.deepStrictEqual(await converse(settings), both)
  })
})

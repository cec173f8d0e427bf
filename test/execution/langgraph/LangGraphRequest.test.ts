/** The bodies of the requests to a LangGraph server. */
import { assert, describe, it } from "@effect/vitest"
import type * as Schema from "effect/Schema"
import type { Interrupt } from "../../../src/domain/Interrupt.ts"
import { SessionId } from "../../../src/domain/Ids.ts"
import { resumeOf } from "../../../src/execution/langgraph/LangGraphInterrupt.ts"
import { knownIn, type Place, toRecord } from "../../../src/execution/langgraph/LangGraphRecord.ts"
import { isTemporary, make } from "../../../src/execution/langgraph/LangGraphRequest.ts"
import {
  assistantMessageId,
  otherSessionId,
  runId,
  sessionId,
  turn,
  userMessageId,
} from "../../support/fixtures.ts"
import { directAnswer } from "./langGraphTurn.ts"

const place: Place = { thread: sessionId, checkpoint: "c1", run: "r1", calls: [] }
const ids = ["0".repeat(32), "1".repeat(32)]
const [interrupt, other]: ReadonlyArray<Interrupt> = ids.map((interruptId) => ({ interruptId, reason: "r" }))

describe("the body of a run", () => {
  it("has for a new thread the whole history, and creates the thread", () => {
    const history = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Bye\ud800" },
    ] as const
    const body = make(turn({ history }), "", { kind: "new", thread: sessionId })
    assert.deepInclude(body, {
      assistant_id: "agent",
      input: {
        messages: [
          { type: "human", content: "Hi" },
          { type: "ai", content: "Hello" },
          { type: "human", content: "Bye\ufffd", id: userMessageId },
        ],
      },
      stream_mode: ["messages-tuple", "updates", "custom"],
      if_not_exists: "create",
      multitask_strategy: "reject",
      on_disconnect: "cancel",
    })
    assert.notProperty(body, "checkpoint")
  })

  it("has for a known thread the results of its open calls, the missing messages and the new one", () => {
    const missing = directAnswer("By direct?", "Yes.")
    const calls = [{ id: "c", name: "delete" }]
    const body = make(turn({ message: "Next" }), "a1", {
      kind: "continue",
      place: { ...place, calls },
      missing,
    })
    assert.deepInclude(body, {
      assistant_id: "a1",
      checkpoint: { checkpoint_id: "c1", checkpoint_ns: "" },
      if_not_exists: "reject",
      input: {
        messages: [
          {
            type: "tool",
            content: "The user sent a message instead of an answer, so the call was not made.",
            tool_call_id: "c",
            status: "error",
          },
          { type: "human", content: "By direct?", id: missing[0]!.id },
          { type: "ai", content: "Yes.", id: missing[1]!.id },
          { type: "human", content: "Next", id: userMessageId },
        ],
      },
    })
  })

  it("has the command without input for an answer, and neither at a used checkpoint", () => {
    const answers = [{ interruptId: ids[0]!, payload: true }]
    const answering = turn({ resume: { interrupts: [interrupt!], answers } })
    const body = make(answering, "", { kind: "resume", place, isAnswered: false })
    assert.deepInclude(body, { command: { resume: true } })
    assert.notProperty(body, "input")
    const again = make(answering, "", { kind: "resume", place, isAnswered: true })
    assert.deepInclude(again, { input: null })
    assert.notProperty(again, "command")
  })

  it("marks a shadow as a dry run", () => {
    const body = make(turn({ shadow: true }), "", { kind: "new", thread: runId })
    assert.deepInclude(body.metadata, { shadow: true, dry_run: true, session_id: sessionId, run_id: runId })
    assert.notProperty(make(turn(), "", { kind: "new", thread: runId }).metadata, "dry_run")
  })
})

describe("the value of a resume", () => {
  const resume = (interrupts: ReadonlyArray<Interrupt>, ...payloads: ReadonlyArray<Schema.Json>) =>
    resumeOf(
      interrupts,
      payloads.map((payload, index) => ({ interruptId: ids[index]!, payload })),
    )

  it.each([[true], ["yes"], [{ approved: true }], [["a"]], [0], [""]])(
    "for one interrupt is the payload %j",
    (payload) => {
      assert.deepStrictEqual(resume([interrupt!], payload), payload)
    },
  )

  it.each([[null], [{}], [{ [ids[1]!]: true }]])(
    "is a map if the server would misread the payload %j",
    (payload) => {
      assert.deepStrictEqual(resume([interrupt!], payload), { [ids[0]!]: payload })
    },
  )

  it("for several interrupts is a map, also of one answer", () => {
    assert.deepStrictEqual(resume([interrupt!, other!], true, false), { [ids[0]!]: true, [ids[1]!]: false })
    assert.deepStrictEqual(resume([interrupt!, other!], true), { [ids[0]!]: true })
  })
})

describe("the place of a branch at the server", () => {
  const answered = (record: ReturnType<typeof toRecord>) => ({
    id: assistantMessageId,
    role: "assistant" as const,
    content: "Hello",
    executionMode: "runtime_orchestrator" as const,
    interrupts: [],
    answers: [],
    upstream: record,
  })

  it("is the newest answer of this wire, and the messages after it are missing there", () => {
    const missing = directAnswer("By direct?", "Yes.")
    const known = knownIn([answered(toRecord(place)), ...missing])
    assert.deepStrictEqual(known, { place, missing })
  })

  it("is unknown without an answer of this wire, or with an unreadable one", () => {
    assert.isUndefined(knownIn([]))
    assert.isUndefined(knownIn(directAnswer("By direct?", "Yes.")))
    assert.isUndefined(knownIn([answered({ wire: "responses", data: place })]))
    assert.isUndefined(knownIn([answered({ wire: "langgraph", data: { thread: 1 } })]))
  })
})

describe("a thread of its own", () => {
  it("is given to shadows and to synthetic probes, not to a user's turn that probes", () => {
    assert.isTrue(isTemporary(turn({ shadow: true })))
    assert.isTrue(isTemporary(turn({ probe: true, sessionId: SessionId.make(runId) })))
    assert.isFalse(isTemporary(turn({ probe: true, sessionId: otherSessionId })))
  })
})

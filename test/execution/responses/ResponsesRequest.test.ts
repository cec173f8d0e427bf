/** The body of `POST /responses`. */
import { assert, describe, it } from "@effect/vitest"
import type { Interrupt } from "../../../src/domain/Interrupt.ts"
import type { PastMessage, Turn } from "../../../src/execution/Executor.ts"
import type { Endpoint } from "../../../src/execution/RuntimeSettings.ts"
import * as ResponsesRequest from "../../../src/execution/responses/ResponsesRequest.ts"
import { agent, orgId, runId, sessionId, turn, userId } from "../../support/fixtures.ts"
import { after, pastOf, playedOf } from "./playing.ts"

const endpoint: Endpoint = { url: "http://runtime/v1", headers: {}, agent: "helper" }

const call = { type: "function_call", id: "fc_1", call_id: "c-1", name: "look", arguments: "{}" }
const approval = {
  type: "mcp_approval_request",
  id: "a-1",
  name: "roll",
  server_label: "dice",
  arguments: "{}",
}

/** The branch after an answer of this wire, whose items wait. */
const past = (...waiting: ReadonlyArray<object>): ReadonlyArray<PastMessage> => {
  const data = { responseId: "resp_1", waiting } as never
  const finished = { _tag: "Finished", usage: undefined, record: { wire: "responses", data } } as const
  return pastOf("Hi", { ...playedOf([finished], undefined), text: "Hello" })
}

const interrupt = (interruptId: string): Interrupt => ({ interruptId, reason: "tool_call" })
const resume = (interruptId: string, payload: never): Turn["resume"] => ({
  interrupts: [interrupt(interruptId)],
  answers: [{ interruptId, payload }],
})

const refusals = [
  { type: "mcp_approval_response", approval_request_id: "a-1", approve: false },
  { type: "function_call_output", call_id: "c-1", output: "The user did not answer." },
]

const make = (fields: Partial<Turn>, at = endpoint) => ResponsesRequest.make(turn(fields), at)

describe("the request of a turn", () => {
  it("has the agent's settings, the conversation's ids and one message as text", () => {
    const settings = { systemPrompt: "Be kind.", model: "gpt", temperature: 0.5, maxTokens: 9 }
    assert.deepStrictEqual(make({ message: "Hi", agent: agent(settings) }), {
      body: {
        model: "helper",
        instructions: "Be kind.",
        stream: true,
        store: true,
        max_output_tokens: 9,
        temperature: 0.5,
        metadata: { session_id: sessionId, run_id: runId, user_id: userId, org_id: orgId },
        input: "Hi",
      },
      whole: undefined,
    })
  })

  it("names the agent's model if no agent of the runtime is configured, or no model at all", () => {
    const none = { ...endpoint, agent: "" }
    assert.propertyVal(make({ agent: agent({ model: "gpt" }) }, none)?.body, "model", "gpt")
    assert.notProperty(make({}, none)?.body, "model")
  })

  it("sends only the message behind the last response, and the whole conversation if that is lost", () => {
    const { body, whole } = make(after(past(), "And now?"))!
    assert.deepInclude(body, { previous_response_id: "resp_1", input: "And now?" })
    assert.notProperty(whole, "previous_response_id")
    assert.deepInclude(whole, {
      input: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "And now?" },
      ],
    })
  })

  it.each(["shadow", "probe"] as const)("leaves nothing at the server for a %s", (kind) => {
    const { body, whole } = make({ ...after(past(), "And now?"), [kind]: true })!
    assert.deepInclude(body, { store: false })
    assert.nestedPropertyVal(body, "metadata.session_id", runId)
    assert.nestedPropertyVal(body, `metadata.${kind}`, "true")
    assert.notProperty(body, "previous_response_id")
    assert.isUndefined(whole)
  })

  it("sends the whole conversation if another wire or a bad record gave the last answer", () => {
    for (const upstream of [undefined, { wire: "ag-ui", data: {} }, { wire: "responses", data: [] }]) {
      const before = past().map((message) => ({ ...message, upstream }))
      const { body, whole } = make(after(before, "And now?"))!
      assert.notProperty(body, "previous_response_id")
      assert.isUndefined(whole)
    }
  })
})

describe("the request of an answer to an interrupt", () => {
  const input = (waiting: object, id: string, payload: unknown) =>
    make({ ...after(past(waiting), "answer"), resume: resume(id, payload as never) })

  it.each([
    ["yes", "yes"],
    [{ approved: true }, '{"approved":true}'],
    [null, "null"],
  ])("is the output of the call: %o", (payload, output) => {
    const { body, whole } = input(call, "c-1", payload)!
    const item = { type: "function_call_output", call_id: "c-1", output }
    assert.deepInclude(body, { previous_response_id: "resp_1", input: [item] })
    assert.deepInclude(whole, {
      input: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Hello" }, call, item],
    })
  })

  it("has the type of the call, and the client's own form for calls whose outputs are no texts", () => {
    const custom = { type: "custom_tool_call", call_id: "c-1", name: "x", input: "" }
    const shell = { type: "shell_call", call_id: "c-1", action: { commands: ["ls"] } }
    assert.deepInclude(input(custom, "c-1", "done")?.body, {
      input: [{ type: "custom_tool_call_output", call_id: "c-1", output: "done" }],
    })
    assert.deepInclude(input(shell, "c-1", [{ stdout: "a" }])?.body, {
      input: [{ type: "shell_call_output", call_id: "c-1", output: [{ stdout: "a" }] }],
    })
  })

  it.each([
    [true, { approve: true }],
    [
      { approve: false, reason: "no" },
      { approve: false, reason: "no" },
    ],
    [{ approved: true }, { approve: true }],
  ])("is the response to the approval: %o", (payload, expected) => {
    assert.deepInclude(input(approval, "a-1", payload)?.body, {
      input: [{ type: "mcp_approval_response", approval_request_id: "a-1", ...expected }],
    })
  })

  it.each(["yes", null, {}, { approve: "true" }, 1])("approves nothing without a decision: %o", (payload) => {
    assert.isUndefined(input(approval, "a-1", payload))
  })

  it("sends a plain message with the conversation, and no output", () => {
    const { body, whole } = make({
      ...after(past(call), "Something else"),
      resume: { interrupts: [interrupt("c-1")], answers: undefined },
    })!
    assert.notProperty(body, "previous_response_id")
    assert.isUndefined(whole)
    assert.notInclude(JSON.stringify(body), "function_call_output")
    assert.include(JSON.stringify(body), "Something else")
  })
})

describe("an interrupt without an answer", () => {
  const interrupts = [interrupt("a-1"), interrupt("c-1")]
  const inputOf = (answers: NonNullable<Turn["resume"]>["answers"]) =>
    make({ ...after(past(approval, call), ""), resume: { interrupts, answers } })?.body

  it("is refused beside the others' answers, because the server waits for all", () => {
    assert.deepInclude(inputOf([{ interruptId: "c-1", payload: "ok" }]), {
      input: [refusals[0], { ...refusals[1], output: "ok" }],
    })
  })

  it("is refused if the user cancelled it, whatever the payload", () => {
    assert.deepInclude(
      inputOf([
        { interruptId: "a-1", payload: { approve: true }, cancelled: true },
        { interruptId: "c-1", payload: null, cancelled: true },
      ]),
      { input: refusals },
    )
  })
})

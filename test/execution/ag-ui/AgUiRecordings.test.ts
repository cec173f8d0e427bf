/** Raw answers of real servers: pydantic-ai 2.68, ag-ui-langgraph 0.0.47 with and without its defaults, llama-index. */
import { describe, expect, it } from "vitest"
import type { Draft } from "../../../src/protocol/agent2ui/Message.ts"
import { errorPolicyOf } from "../../../src/execution/ExecutionError.ts"
import { decode, factsOf, recording, recordings, replay } from "./replay.ts"

const short = (draft: Draft): string => {
  switch (draft.type) {
    case "text":
    case "thinking":
      return `${draft.type} ${draft.data.content}`
    case "tool_call":
      return `tool_call ${draft.metadata?.callId} ${draft.data.toolName} ${JSON.stringify(draft.data.arguments)}`
    case "tool_result":
      return `tool_result ${draft.metadata?.callId} ${draft.data.toolName} ${draft.data.success} ${JSON.stringify(draft.data.result)}`
    case "plan_step":
      return `plan_step ${draft.data.stepId} ${draft.data.status}`
    default:
      return draft.type
  }
}

/** The drafts without steps; text in one piece. */
const shown = (name: string): ReadonlyArray<string> => {
  const all: Array<string> = []
  for (const draft of replay(name).drafts) {
    const last = all.at(-1)
    if (draft.type === "text" && last?.startsWith("text ") === true)
      all[all.length - 1] = last + draft.data.content
    else if (draft.type !== "plan_step") all.push(short(draft))
  }
  return all
}

const cut = (bytes: Uint8Array, at: number) => [bytes.subarray(0, at), bytes.subarray(at)]

const withLineEnds = (bytes: Uint8Array, lineEnd: string): Uint8Array =>
  new TextEncoder().encode(new TextDecoder().decode(bytes).replaceAll("\n", lineEnd))

describe.each(recordings.map((file) => file.replace(".sse", "")))("%s", (name) => {
  const bytes = recording(name)
  const given = factsOf(name)
  const whole = decode([bytes], given)
  const expected = { events: whole.events, error: whole.error }

  it("gives the same events for bytes cut anywhere", () => {
    // Every position of a short answer, and enough of a long one to cut each kind of line.
    const step = Math.max(1, Math.floor(bytes.length / 700))
    for (let at = 1; at < bytes.length; at += step) {
      const { error, events } = decode(cut(bytes, at), given)
      expect({ events, error }, `cut at ${at}`).toEqual(expected)
    }
    const single = decode(
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
      given,
    )
    expect({ events: single.events, error: single.error }).toEqual(expected)
  })

  it.each([["\r\n"], ["\r"]])("reads %j as a line end", (lineEnd) => {
    const { error, events } = decode([withLineEnds(bytes, lineEnd)], given)
    expect({ events, error }).toEqual(expected)
  })

  it("ends once, in Finished or in an error", () => {
    const ends = whole.events.filter(({ _tag }) => _tag === "Finished").length
    expect(ends + (whole.error === undefined ? 0 : 1)).toBe(1)
    expect(whole.events.findIndex(({ _tag }) => _tag === "Finished")).toBe(
      ends === 1 ? whole.events.length - 1 : -1,
    )
  })

  it("has neither an end nor an error when its last event is missing", () => {
    const text = new TextDecoder().decode(bytes).trimEnd()
    const { error, finished } = decode(
      [new TextEncoder().encode(text.slice(0, text.lastIndexOf("data:")))],
      given,
    )
    expect(finished).toBeUndefined()
    expect(error).toBeUndefined()
  })
})

describe("shows", () => {
  const weather = 'tool_call tc-1 get_weather {"city":"Paris"}'
  const clear = 'tool_result tc-1 get_weather true {"city":"Paris","sky":"clear"}'

  it.each<readonly [string, ReadonlyArray<string>]>([
    ["pydantic-ai/text", ["text Hello from a real pydantic-ai agent. "]],
    ["pydantic-ai/tool", [weather, clear, "text It is done."]],
    ["pydantic-ai/pre10", [weather, clear, "text It is done."]],
    [
      "pydantic-ai/reasoning",
      ["thinking Let me ", "thinking think. 让我想想", "text Answer after thinking."],
    ],
    ["pydantic-ai/badtool", ["tool_call tc-x explode {}", "tool_result tc-x explode false null"]],
    ["pydantic-ai/denied", ["tool_result tc-del unknown false null", "text It is done."]],
    ["pydantic-ai/resume", ['tool_result tc-del unknown true "deleted /x"', "text It is done."]],
    ["ag-ui-langgraph/text", ["text Hello from a real langgraph agent. "]],
    ["ag-ui-langgraph/tool", [weather, clear, "text It is done."]],
    // The first piece of the arguments is lost in the stream.
    ["ag-ui-langgraph/argsfirst", [weather, clear, "text It is done."]],
    ["ag-ui-langgraph/reasoning", ["thinking Let me ", "thinking think.", "text Answer after thinking."]],
    ["ag-ui-langgraph-default/tool", [weather, clear, "text It is done."]],
    [
      "llama-index/tool",
      [
        'tool_call call_9 get_weather {"city":"Paris"}',
        'tool_result call_9 get_weather true {"sky":"clear"}',
        "text The answer from the fake model is forty two, in several words.",
      ],
    ],
    ["llama-index/text", ["text The answer from the fake model is forty two, in several words."]],
  ])("%s", (name, expected) => {
    expect(shown(name)).toEqual(expected)
  })

  it("numbers the runs of a step", () => {
    const steps = replay("ag-ui-langgraph/tool").drafts.filter(({ type }) => type === "plan_step")
    expect(steps.map(short)).toEqual([
      "plan_step chat running",
      "plan_step chat completed",
      "plan_step tools running",
      "plan_step tools completed",
      "plan_step chat-2 running",
      "plan_step chat-2 completed",
      "plan_step write running",
      "plan_step write completed",
    ])
  })

  it("an interrupt once, although LangGraph announces it twice", () => {
    const { drafts, finished } = replay("ag-ui-langgraph/interrupt")
    expect(drafts.filter(({ type }) => type === "interrupt")).toEqual([
      {
        type: "interrupt",
        data: {
          interruptId: "594901fb8a5f4162ec8976717b7df83a",
          reason: "langgraph:interrupt",
          message: "delete /x?",
          toolName: "delete_file",
          arguments: { path: "/x" },
          payload: { question: "delete /x?", path: "/x" },
        },
        metadata: { callId: "tc-del" },
      },
    ])
    expect(finished?.finishReason).toBe("interrupt")
    expect(finished?.record?.data).toMatchObject({ pending: [{ by: "resume" }] })
  })

  it("an interrupt that only a custom event announces", () => {
    const { drafts, finished } = replay("ag-ui-langgraph-default/interrupt")
    expect(drafts.at(-1)).toMatchObject({
      type: "interrupt",
      data: { interruptId: "6e394c732581ce29abc64d06e03e2097", message: "delete /x?" },
    })
    expect(finished?.finishReason).toBe("interrupt")
    expect(finished?.record?.data).toMatchObject({ pending: [{ by: "command" }] })
  })

  it("an approval with its schema", () => {
    const { drafts, finished } = replay("pydantic-ai/interrupt")
    expect(drafts.at(-1)).toMatchObject({
      type: "interrupt",
      data: {
        interruptId: "int-tc-del",
        reason: "tool_call",
        toolName: "delete_file",
        responseSchema: { required: ["approved"] },
      },
      metadata: { callId: "tc-del" },
    })
    expect(finished?.finishReason).toBe("interrupt")
  })
})

describe("fails", () => {
  it.each([
    ["pydantic-ai/err0", "UPSTREAM_FAILED", ""],
    ["pydantic-ai/errmid", "UPSTREAM_FAILED", "Hello from a "],
    ["ag-ui-langgraph/err0", "UPSTREAM_FAILED", ""],
    ["ag-ui-langgraph-default/errmid", "UPSTREAM_FAILED", "Hello from a "],
    ["llama-index/err0", "UPSTREAM_FAILED", ""],
    ["llama-index/errmid", "UPSTREAM_FAILED", "The answer from the "],
  ])("%s", (name, code, text) => {
    const { error, finished, text: seen } = replay(name)
    expect(error === undefined ? undefined : errorPolicyOf(error).code).toBe(code)
    expect(seen).toBe(text)
    expect(finished).toBeUndefined()
  })
})

describe("keeps for later turns", () => {
  const messagesOf = (name: string) => {
    const data = replay(name).finished?.record?.data as {
      messages: ReadonlyArray<{ id: string; role: string }>
    }
    return data.messages
  }

  it("the agent's message ids and exact calls", () => {
    expect(messagesOf("pydantic-ai/tool")).toEqual([
      {
        id: "d811cd5b-6f60-4ac1-8450-431b8ce4fa72",
        role: "assistant",
        toolCalls: [
          {
            id: "tc-1",
            type: "function",
            function: { name: "get_weather", arguments: '{"city": "Paris"}' },
          },
        ],
      },
      {
        id: "bc61563a-f98c-4262-b666-ae10197d52da",
        role: "tool",
        toolCallId: "tc-1",
        content: '{"city":"Paris","sky":"clear"}',
      },
      { id: "f16838f5-5169-4f9e-b933-8a296c2d6552", role: "assistant", content: "It is done." },
    ])
  })

  it("the ids of the snapshot, without the messages of the request", () => {
    expect(messagesOf("ag-ui-langgraph/tool").map(({ id, role }) => `${role} ${id}`)).toEqual([
      "assistant lc_run--01a22835-3780-75fb-a510-08b30b9ac594",
      "tool 23f1971a-8d06-402d-9530-dbcdb9bc6b26",
      "assistant lc_run--01a22835-3849-714f-8bdd-5dcd957eebb3",
    ])
  })

  it("the text that a snapshot lacks", () => {
    expect(messagesOf("ag-ui-langgraph/reasoning")).toEqual([
      {
        id: "lc_run--01a22834-93a2-7423-bf57-6b3509aab1bb",
        role: "assistant",
        content: "Answer after thinking.",
      },
    ])
  })

  it("the state, after its deltas", () => {
    expect(replay("pydantic-ai/state").finished?.record?.data).toMatchObject({
      state: { document: "draft 2" },
    })
  })
})

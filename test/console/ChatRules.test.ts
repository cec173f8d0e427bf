/** The rules of the chat view that are pure. */
import { describe, expect, it } from "vitest"
import type { Part } from "../../src/client/Parts.ts"
import { adviceFor, isFinal } from "../../src/console/chat/Advice.ts"
import { markdownOf } from "../../src/console/chat/AnswerMarkdown.ts"
import { approvalOf, choicesOf, payloadOf } from "../../src/console/chat/Approval.ts"
import { eventsCurl, quoted, turnCurl } from "../../src/console/chat/Curl.ts"
import { rowsIn } from "../../src/console/chat/EventRows.ts"
import { anyOf, fitTogether, kindOf } from "../../src/console/chat/FileKinds.ts"
import { isSendKey } from "../../src/console/chat/Keys.ts"
import { done, events } from "../client/conversations.ts"

const whole = (type: string, data: object) => ({ type, key: "k", seq: 1, data }) as unknown as Part

describe("an answer as Markdown", () => {
  it("keeps code that has fences, and the cells of a table", () => {
    const parts = [
      { type: "text", key: "t", content: "Hello", chunks: [] } as const,
      whole("code", { language: "md", code: "```\nx\n```" }),
      whole("table", { columns: [{ key: "a", title: "A|B" }], rows: [{ a: "x|y" }, { a: null }] }),
      whole("report", {
        title: "R",
        sections: [{ heading: "H", content: [{ type: "text", data: { content: "inside" } }] }],
      }),
    ]
    expect(markdownOf({ parts })).toBe(
      "Hello\n\n````md\n```\nx\n```\n````\n\n| A\\|B |\n| --- |\n| x\\|y |\n|  |\n\n# R\n\n## H\n\ninside",
    )
  })
})

describe("a command for the shell", () => {
  it("quotes every text, and names the token by its variable", () => {
    expect(quoted("it's $HOME `x`")).toBe(`'it'\\''s $HOME \`x\`'`)
    const shared = { origin: "http://h", agentId: "a", message: "m", fileIds: ["f"] }
    expect(turnCurl({ ...shared, sessionId: undefined })).toContain(
      `-d '{"agentId":"a","message":"m","attachments":[{"fileId":"f"}]}'`,
    )
    expect(turnCurl({ ...shared, sessionId: "s" })).toContain("'http://h/api/v1/chat/sessions/s'")
    expect(eventsCurl("http://h", "r")).toBe(
      `curl -N 'http://h/api/v1/chat/runs/r/events' -H "Authorization: Bearer $CROSSFADE_TOKEN"`,
    )
  })
})

describe("a key", () => {
  it.each([
    [{ key: "Enter" }, true],
    [{ key: "Enter", shiftKey: true }, false],
    [{ key: "Enter", isComposing: true }, false],
    [{ key: "Enter", keyCode: 229 }, false],
    [{ key: "a" }, false],
  ])("%j sends: %s", (key, sends) => {
    expect(isSendKey({ shiftKey: false, isComposing: false, keyCode: 13, ...key })).toBe(sends)
  })
})

describe("an interrupt", () => {
  const asked = (reason: string, responseSchema?: object) => ({
    interruptId: "i",
    reason,
    ...(responseSchema === undefined ? {} : { responseSchema: JSON.parse(JSON.stringify(responseSchema)) }),
  })

  it("is a decision if its schema or its reason says so", () => {
    expect(approvalOf(asked("mcp_approval_request"))).toEqual({ approve: true, deny: false })
    expect(approvalOf(asked("x", { properties: { ok: { type: "boolean" } } }))).toEqual({
      approve: { ok: true },
      deny: { ok: false },
    })
    expect(approvalOf(asked("confirmation", { type: "string" }))).toBeUndefined()
    expect(approvalOf(asked("input"))).toBeUndefined()
  })

  it("takes one of the listed values, JSON, or a text", () => {
    expect(choicesOf(asked("x", { enum: ["a", 1, "b"] }))).toEqual(["a", "b"])
    expect(payloadOf('{"a":1}')).toEqual({ a: 1 })
    expect(payloadOf("no {json")).toBe("no {json")
  })
})

describe("a file", () => {
  it("has the kind of its media type, and needs a mode that takes all kinds of the message", () => {
    expect(["image/png", "image/svg+xml", "application/pdf", ""].map(kindOf)).toEqual([
      "image",
      "text",
      "pdf",
      "text",
    ])
    const kinds = { runtime_orchestrator: ["pdf"], direct_llm: ["image", "text"] } as const
    expect(anyOf(kinds)).toEqual(["pdf", "image", "text"])
    expect(fitTogether(kinds, ["image", "text"])).toBe(true)
    expect(fitTogether(kinds, ["image", "pdf"])).toBe(false)
  })
})

describe("a failure", () => {
  it("has its advice by its code, or else by its status", () => {
    expect(adviceFor({ code: "RATE_LIMIT_USER", status: 429 })).toBe("adviseWait")
    expect(adviceFor({ code: "CONNECTION_LOST" })).toBe("adviseOffline")
    expect(adviceFor({ code: "UNKNOWN" })).toBe("adviseAgain")
    expect([400, 401, 413, 429, 500].map((status) => isFinal({ code: "", status }))).toEqual([
      true,
      false,
      true,
      false,
      false,
    ])
  })
})

describe("the rows of events", () => {
  it("are those with the text in their type or their JSON", () => {
    const all = [...events({ type: "text", data: { content: "Besançon" } }), done(2)]
    expect(rowsIn(all, "").map(({ seq, type }) => [seq, type])).toEqual([
      [1, "text"],
      [2, "done"],
    ])
    expect(rowsIn(all, "BESANÇON").map(({ seq }) => seq)).toEqual([1])
    expect(rowsIn(all, "done").map(({ seq }) => seq)).toEqual([2])
  })
})

import { describe, expect, it } from "vitest"
import { defaultAgent } from "../support/chatClient.ts"
import { useOneGateway } from "../support/oneGateway.ts"
import { take } from "./Seen.ts"

const target = useOneGateway()

/** Texts of kinds that naive software damages: escapes, directions, joiners, markup, formats, queries, paths. */
const naughty: ReadonlyArray<string> = [
  "undefined",
  "null",
  "-1e309",
  "0x",
  "\u0000 x",
  "\u0001\u001f\u007f x",
  "\u0085\u00a0\u1680\u2028\u2029\u3000\ufeff x",
  "\u200b\u200e\u202e\u2066\u2069 x",
  "\ufffe\uffff\u{10ffff}",
  "e\u0301 é ﬃ İ ß ſ",
  "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
  "👩‍👩‍👧‍👦🏳️‍🌈🇫🇷✋🏿",
  "日本語 العربية עברית हिन्दी",
  "data: {}\n\nevent: done\ndata: x\n\n",
  "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  "<script>alert(1)</script><img src=x onerror=alert(1)>",
  "![x](https://example.com/?q=secret)",
  "'; DROP TABLE messages; --",
  "${jndi:ldap://127.0.0.1/a}",
  "{{7*7}} %s %n %x",
  "../../../etc/passwd\\..\\..",
  "\\u0041 \\n \\\\",
  '{"__proto__":{"polluted":true}}',
  "x".repeat(100_000),
  "🙂".repeat(50_000),
]

/** Bodies by what RFC 8259 says of them; each is otherwise a good message. */
const bodyOf = (message: string) => `{"agentId":"${defaultAgent}","message":${message}}`
const valid = [
  ['" \\u0061\\ud83d\\ude42\\/\\b\\f\\n\\r\\t "', "escapes"],
  ['"a" ', "blanks"],
  ['"a\u007f"', "DEL"],
  ['"a\u2028\u2029"', "separators"],
] as const
const invalid = [
  ['"a",', "a comma too many"],
  ["'a'", "single quotes"],
  ['"a\u0001"', "a control character"],
  ['"\\x41"', "an unknown escape"],
  ['"\\u00g0"', "an escape that is no number"],
  ['"a', "no end"],
  ['"a"}}', "an end too many"],
  ['"a" // b', "a comment"],
  ["NaN", "NaN"],
  ["+1", "a plus"],
  ["01", "a leading zero"],
  ["undefined", "undefined"],
  ['"\\ud800"', "a lone surrogate"],
] as const

const post = (body: string | Uint8Array): Promise<Response> =>
  fetch(`${target.gateway.url}/api/v1/chat/start`, {
    method: "POST",
    headers: { authorization: `Bearer ${target.client.token}`, "content-type": "application/json" },
    body: Buffer.from(body),
  })

const statusOf = async (body: string | Uint8Array): Promise<number> => {
  const response = await post(body)
  await response.body?.cancel()
  return response.status
}

describe("a message", () => {
  it("C5: X10: of any text is kept to the character", async ({ task }) => {
    const from = performance.now()
    const kept = await Promise.all(
      naughty.map(async (message) => {
        const stream = await target.client.start(message)
        expect((await stream.rest()).at(-1)?.event).toBe("done")
        const session = await target.client.json("GET", `/api/v1/chat/sessions/${stream.sessionId}`)
        return session.data.messages[0].content
      }),
    )
    const same = kept.filter((text, at) => text === naughty[at]).length
    const shown = {
      expected: `${naughty.length} the same`,
      seen: `${same} the same`,
      attempts: naughty.length,
    }
    const ms = performance.now() - from
    take(task, { id: "C5", fault: "texts that naive software damages", at: "the gateway", ...shown, ms })
    expect(kept).toEqual(naughty)
  })

  it.each(valid)("C5: is taken as JSON allows it: %s (%s)", async (message) => {
    expect(await statusOf(bodyOf(message))).toBe(200)
  })

  it.each(invalid)("C5: is refused where it is no JSON or no text: %s (%s)", async (message) => {
    expect(await statusOf(bodyOf(message))).toBe(400)
  })

  it("C5: is refused in another encoding than UTF-8, and may hold U+FFFD itself", async () => {
    const [before = "", after = ""] = bodyOf('"caf?"').split("?")
    const withBytes = (...bytes: ReadonlyArray<number>) =>
      Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
    expect(await statusOf(Buffer.from(bodyOf('"a"'), "utf16le"))).toBe(400)
    for (const bytes of [[0xe9], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xff]])
      expect(await statusOf(withBytes(...bytes))).toBe(400)
    expect(await statusOf(withBytes(0xef, 0xbf, 0xbd))).toBe(200)
  })

  it("C5: ids in paths and queries that are no UTF-8 are refused", async () => {
    const headers = { authorization: `Bearer ${target.client.token}` }
    for (const path of [
      "chat/sessions/%FF",
      "chat/runs/%E0%A4%A",
      "runtime/metrics/%FF",
      "chat/sessions?cursor=%FF",
    ])
      expect([400, 404]).toContain((await fetch(`${target.gateway.url}/api/v1/${path}`, { headers })).status)
  })
})

import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { aligned } from "../../src/cli/Columns.ts"
import { read as commandSettings } from "../../src/config/ConfigCommands.ts"
import { printable, printableLine } from "../../src/domain/PlainText.ts"
import { explained, Refused } from "../../src/cli/Explained.ts"
import { Lifetime } from "../../src/cli/KeysText.ts"
import { Length } from "../../src/cli/LengthOfTime.ts"
import { print, say } from "../../src/cli/Output.ts"
import type { Profiles } from "../../src/cli/Profile.ts"
import { ownerLine } from "../../src/cli/RolloutText.ts"
import { serviceIn } from "../../src/cli/ServiceChoice.ts"
import { timeOf, withIsoTimes } from "../../src/cli/Times.ts"
import { Transcript } from "../../src/cli/ChatText.ts"
import type { ChatEvent, Message } from "../../src/client/Contract.ts"

const now = Date.parse("2026-11-30T12:00:00Z")
const minute = 60_000

describe("times", () => {
  it("are relative within a day, and local time before and after", () => {
    expect([timeOf(now, now), timeOf(now - 3 * minute, now), timeOf(now + 90 * minute, now)]).toEqual([
      "0 s ago",
      "3 min ago",
      "in 1 h",
    ])
    expect(timeOf(now - 1440 * minute, now)).toMatch(/^2026-11-29 \d\d:\d\d$/)
  })

  it("are read as lengths up to a hundred years, and refused otherwise", () => {
    const read = (schema: typeof Length, text: string) =>
      Option.getOrUndefined(Schema.decodeOption(schema)(text))
    expect(["90s", "1h30m", "36500d"].map((text) => read(Length, text))).toEqual([
      9e4, 54e5, 3_153_600_000_000,
    ])
    expect(
      ["0", "0d", "5", "500ms", "36501d", "-5m"].filter((text) => read(Length, text) !== undefined),
    ).toEqual([])
    expect([read(Lifetime, "30s"), read(Lifetime, "30m")]).toEqual([undefined, 18e5])
  })

  it("are ISO 8601 in JSON, and other fields of the same name stay", () => {
    const data = { at: now, from: "closed", to: 5, expiresAt: null, latencyMs: now, list: [{ since: now }] }
    const iso = "2026-11-30T12:00:00.000Z"
    expect(withIsoTimes(data)).toEqual({ ...data, at: iso, list: [{ since: iso }] })
  })
})

describe("text for a terminal", () => {
  it("has no escapes of others, and columns as wide as their widest cell", () => {
    expect(printable("a\u001b[2Jb\nc\td")).toBe("a\ufffd[2Jb\nc\td")
    expect(printable("a\r\nb\u009b2J\u202ec")).toBe("a\nb\ufffd2J\ufffdc")
    expect(printable("a\rb\u200bc\u{e0041}")).toBe("a\ufffdb\ufffdc\ufffd")
    expect(printableLine("a\r\nb\tc\rd\u3164")).toBe("a b c d\ufffd")
    expect(aligned([["A", "LONG"], ["long", "b"], ["c"]])).toEqual(["A     LONG", "long  b", "c"])
  })
})

describe("output of commands", () => {
  const hostile = "x\u001b]0;y\u0007\u009b2J\u202e"
  const calls: Array<string> = []
  const recorder = {
    ...globalThis.console,
    log: (text: string) => calls.push(text),
    error: (text: string) => calls.push(text),
  }
  const run = (effect: Effect.Effect<unknown, unknown>): string => {
    calls.length = 0
    Effect.runSync(Effect.exit(Effect.provideService(effect, Console.Console, recorder)))
    return calls.join("\n")
  }

  it.each([
    ["a result", print(false, {}, () => [hostile])],
    ["a question", say(hostile)],
    ["a failure", explained(new Refused({ message: hostile }))],
    ["JSON", print(true, { hostile }, () => [])],
  ])("sends no command of others to the terminal in %s", (_, effect) => {
    const text = run(effect)
    expect(text).toContain("x")
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    expect(text).not.toMatch(/[\u001b\u0007\u009b]/)
  })

  it("keeps the value of JSON", () => {
    expect(JSON.parse(run(print(true, { hostile }, () => [])))).toEqual({ hostile })
  })

  it("keeps a cell with a line end in its row", () => {
    expect(aligned([["a\nb\tc", "d"]])).toEqual(["a b c  d"])
  })
})

describe("the service of a command", () => {
  const profiles = { default: { url: "http://a", token: "of-a" }, b: { url: "http://b", token: "of-b" } }
  const chosen = (
    choice: { readonly url?: string; readonly token?: string; readonly profile?: string },
    env: Readonly<Record<string, string>> = {},
    stored: Profiles = profiles,
  ) => {
    const token = choice.token === undefined ? undefined : Redacted.make(choice.token)
    const found = serviceIn({ url: choice.url, token, profile: choice.profile }, commandSettings(env), stored)
    return "url" in found ? [found.url, Redacted.value(found.token)] : found.message
  }

  it("is the flags', then the environment's, then the profile's", () => {
    const env = { CROSSFADE_URL: "http://c/", CROSSFADE_TOKEN: "of-c" }
    expect(chosen({})).toEqual(["http://a", "of-a"])
    expect(chosen({}, env)).toEqual(["http://c", "of-c"])
    expect(chosen({ profile: "b" }, env)).toEqual(["http://b", "of-b"])
    expect(chosen({ url: "http://d/base/", token: "of-d", profile: "b" }, env)).toEqual([
      "http://d/base",
      "of-d",
    ])
    expect(chosen({}, { CROSSFADE_URL: "", CROSSFADE_TOKEN: "" })).toEqual(["http://a", "of-a"])
  })

  it("gets no token of another address, and no address with a password", () => {
    expect(chosen({ url: "http://d" })).toMatch(/^There is no token/)
    expect(chosen({ url: "http://d", profile: "b" })).toMatch(/^There is no token/)
    expect(chosen({ url: "http://u:p@a" })).toMatch(/^--url: expected/)
    expect(chosen({ url: "ftp://a" })).toMatch(/^--url: expected/)
  })

  it("refuses a value under the name of its place", () => {
    const broken = { default: { url: "a", token: "of-a" } }
    expect(chosen({}, { CROSSFADE_URL: "localhost:3001" })).toMatch(/^CROSSFADE_URL: expected an address/)
    expect(chosen({}, {}, broken)).toMatch(/^profile default: expected an address/)
    expect(chosen({ token: "a b" })).toMatch(/^--token: expected a token without/)
    expect(chosen({}, { CROSSFADE_TOKEN: "of-a\r" })).toMatch(/^CROSSFADE_TOKEN: expected a token without/)
    const spoilt = { default: { url: "http://a", token: "of\na" } }
    expect(chosen({}, {}, spoilt)).toMatch(/^profile default: expected a token without/)
  })
})

describe("a change of settings without a new value", () => {
  it("names the owner of each setting after it", () => {
    expect(ownerLine({ defaultMode: null })).toBe("No value changes. Set by the environment: defaultMode.")
    expect(ownerLine({ percentage: 0, rules: null })).toBe(
      "No value changes. Set by operators: percentage. Set by the environment: rules.",
    )
  })
})

describe("the transcript of a run", () => {
  const event = (seq: number, message: Pick<Message, "type" | "data">): ChatEvent => {
    const data = { id: `m${seq}`, timestamp: "2026-11-30T12:00:00.000Z", ...message } as Message
    return { runId: "r", sessionId: "s", seq, event: "message", data }
  }
  const text = (seq: number, content: string) => event(seq, { type: "text", data: { content } })

  it("leaves retracted parts out of the answer", () => {
    const transcript = new Transcript()
    for (const one of [text(1, "wrong "), text(2, "start")]) transcript.take(one)
    const data = { runId: "r", fromSeq: 1, toSeq: 2, reason: "fallback" }
    expect(transcript.take(event(3, { type: "retract", data }))).toEqual([
      { channel: "note", text: "the answer so far is withdrawn: fallback" },
    ])
    transcript.take(text(4, "right"))
    expect(transcript.answer).toBe("right")
  })

  it("notes a step once for each of its states", () => {
    const transcript = new Transcript()
    const plan = (status: "pending" | "running") =>
      event(1, { type: "plan", data: { currentStep: "s1", steps: [{ id: "s1", title: "Search", status }] } })
    const notes = [plan("pending"), plan("pending"), plan("running")].flatMap((one) => transcript.take(one))
    expect(notes.map(({ text }) => text)).toEqual(["step Search: pending", "step Search: running"])
  })

  it("prints tables as columns, and no escape of a model", () => {
    const transcript = new Transcript()
    const columns = [
      { key: "a", title: "City" },
      { key: "b", title: "Rain" },
    ]
    transcript.take(event(1, { type: "table", data: { columns, rows: [{ a: "Oslo\u001b[2J", b: 3 }] } }))
    expect(transcript.answer).toBe("\nCity      Rain\nOslo\ufffd[2J  3\n")
    const inherited = [
      { key: "__proto__", title: "A" },
      { key: "b", title: "B" },
    ]
    transcript.take(event(2, { type: "table", data: { columns: inherited, rows: [{ b: 3 }] } }))
    expect(transcript.answer).toContain("A  B\n   3\n")
  })
})

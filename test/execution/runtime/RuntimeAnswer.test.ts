import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { restOf } from "../../../src/execution/runtime/RuntimeAnswer.ts"
import { Transcript } from "../../../src/runs/Transcript.ts"
import { runId } from "../../support/fixtures.ts"
import { done, frame, type Heard, hearText, type Wire } from "./recording.ts"

const chunk = (content: string): Wire => ["text_chunk", { content }]
const complete = (final_response: string | null): Wire => ["execution_complete", { final_response }]
const call: ReadonlyArray<Wire> = [
  ["tool_call_start", { tool_name: "t", arguments: {} }],
  ["tool_call_complete", { tool_name: "t", result: 1, success: true }],
]
const play = (...wire: ReadonlyArray<Wire>): Heard => hearText(...wire.map((one) => frame(one)))

const contents = ({ events }: Heard): ReadonlyArray<unknown> =>
  events.map((event) =>
    event._tag === "Finished"
      ? "Finished"
      : event.draft.type === "text"
        ? event.draft.data.content
        : event.draft.type === "retract"
          ? [event.draft.data.fromSeq, event.draft.data.toSeq]
          : event.draft.type,
  )

const stored = ({ events }: Heard): string => {
  const transcript = new Transcript()
  for (const event of events) if (event._tag === "Message") transcript.add(event.draft)
  return transcript.text
}

describe("the final response", () => {
  it("is shown if no text came before, and only once", () => {
    assert.deepStrictEqual(contents(play(complete("All of it"))), ["All of it", "Finished"])
    assert.deepStrictEqual(contents(play(chunk(""), complete("All"))), ["All", "Finished"])
    assert.deepStrictEqual(contents(play(chunk("Al"), chunk("l"), complete("All"))), ["Al", "l", "Finished"])
  })

  it.each([null, "", " \n"])("is nothing to go by when it is %j", (nothing) => {
    assert.deepStrictEqual(contents(play(complete(nothing))), ["Finished"])
    assert.deepStrictEqual(contents(play(chunk("All"), complete(nothing))), ["All", "Finished"])
  })

  it("completes the text that is its beginning", () => {
    assert.deepStrictEqual(contents(play(chunk("The an"), complete("The answer"))), [
      "The an",
      "swer",
      "Finished",
    ])
    assert.deepStrictEqual(contents(play(chunk("\nThe an"), complete("The answer"))), [
      "\nThe an",
      "swer",
      "Finished",
    ])
  })

  it("does not retract text that differs only by spaces at the ends", () => {
    for (const shown of [" All", "All \n", "\n\nAll\n"])
      assert.deepStrictEqual(contents(play(chunk(shown), complete("All"))), [shown, "Finished"])
  })

  it("retracts the text and sends it again if it differs", () => {
    const heard = play(
      ["thinking", { content: "hm" }],
      chunk("The "),
      chunk("anwser"),
      complete("The answer"),
    )
    assert.deepStrictEqual(contents(heard), ["thinking", "The ", "anwser", [2, 3], "The answer", "Finished"])
    assert.strictEqual(stored(heard), "The answer")
    const [retract] = heard.events.flatMap((event) =>
      event._tag === "Message" && event.draft.type === "retract" ? [event.draft.data] : [],
    )
    assert.strictEqual(retract?.runId, runId)
  })

  it("takes back text alone: calls and files between it stay", () => {
    const file: Wire = ["file_created", { file_id: "f", filename: "f.csv", mime_type: "text/csv", url: "/f" }]
    const heard = play(
      chunk("one "),
      chunk("two "),
      ...call,
      file,
      chunk("four"),
      complete("one two three four"),
    )
    assert.deepStrictEqual(contents(heard), [
      ...["one ", "two ", "tool_call", "tool_result", "file", "four"],
      ...[[1, 2], [6, 6], "one two three four", "Finished"],
    ])
    assert.strictEqual(stored(heard), "\n[file: f.csv]\none two three four")
  })

  it("decides although the text was a sub-agent's", () => {
    const names = { skill_id: "s", skill_name: "subagent:s" }
    const heard = play(
      ["skill_call_start", { ...names, arguments: {} }],
      chunk("I encountered an error: no model. Please try again."),
      ["skill_call_complete", { ...names, result: "", success: true }],
      complete("The answer"),
    )
    assert.isUndefined(heard.error)
    assert.strictEqual(stored(heard), "The answer")
  })

  it.prop(
    "is what is stored, whatever came before it",
    [Schema.Array(Schema.String), Schema.String],
    ([chunks, final]) => {
      const heard = play(...chunks.map(chunk), complete(final))
      if (heard.error === undefined && final.trim() !== "")
        assert.strictEqual(stored(heard).trim(), final.trim())
    },
  )

  it("leaves the rest of the text, or undefined where it differs", () => {
    assert.strictEqual(restOf("", "a"), "a")
    assert.strictEqual(restOf("a ", "a"), "")
    assert.strictEqual(restOf(" a", "a b"), " b")
    assert.strictEqual(restOf("Cafe\u0301 ", "Caf\u00e9"), "")
    assert.isUndefined(restOf("ab", "a"))
    assert.isUndefined(restOf("a  b", "a b"))
  })
})

const planning = "I encountered an error: Planning failed: no model. Please try again."
const responding = "I completed the task but encountered an issue generating the response: no model"

describe("an answer that is an error of the runtime", () => {
  const failedWithout = (heard: Heard, shown: ReadonlyArray<unknown>) => {
    assert.deepInclude(heard.error?.detail, { _tag: "UpstreamFailed", message: "", code: "" })
    assert.deepStrictEqual(contents(heard), shown)
  }

  it.each([planning, responding])("fails before anything is shown, however it is cut: %s", (text) => {
    failedWithout(play(chunk(text), complete(text)), [])
    failedWithout(play(complete(text)), [])
    failedWithout(play(...Array.from(text, chunk), complete(text)), [])
    for (let cut = 1; cut < text.length; cut += 7) {
      const halves = [chunk(text.slice(0, cut)), chunk(text.slice(cut))]
      failedWithout(play(...halves, complete(text)), [])
      failedWithout(hearText(...halves.map((one) => frame(one)), done()), [])
    }
  })

  it("fails after a part of an answer, and the error itself is not shown", () => {
    const partial = [chunk("The "), chunk("answer "), chunk(responding)]
    failedWithout(play(...partial, complete(responding)), ["The ", "answer "])
    failedWithout(play(...partial, complete(`The answer ${responding}`)), ["The ", "answer "])
    failedWithout(hearText(...partial.map((one) => frame(one)), done()), ["The ", "answer "])
    failedWithout(play(...call, chunk(planning), complete(planning)), ["tool_call", "tool_result"])
    for (const part of ['It is\n> "quoted"\n', "**bold**", 'says "no."', "```js\ncode\n```\n"])
      failedWithout(hearText(frame(chunk(part)), frame(chunk(responding)), done()), [part])
  })

  it("is not a longer one that begins like it: that comes as it was sent, as soon as it differs", () => {
    const words = ["I ", "encountered ", "an ", "error", ", and ", "fixed it."]
    const differs = hearText(...words.slice(0, 5).map((word) => frame(chunk(word))))
    assert.deepStrictEqual(contents(differs), words.slice(0, 5))
    const whole = play(...words.map(chunk), complete(words.join("")))
    assert.deepStrictEqual(contents(whole), [...words, "Finished"])
  })

  it("is not one that ends in another way", () => {
    const text = "I encountered an error: it was a typo. It is fixed."
    const heard = play(chunk(text), complete(text))
    assert.deepStrictEqual(contents(heard), [text, "Finished"])
    assert.deepStrictEqual(contents(hearText(frame(chunk(text)), done())), [text, "Finished"])
  })

  it("is not one that quotes the sentence", () => {
    const words = ["It", " says", ' "', "I", responding.slice(1), '" when', " it fails"]
    const heard = play(...words.map(chunk), complete(words.join("")))
    assert.isUndefined(heard.error)
    assert.strictEqual(stored(heard), words.join(""))
  })

  it.each(["> ", "```text\n", "```\nlog: ", "**", "It says:\n> log: ", "「", '说"'])(
    "is not one that shows the sentence after %j",
    (opening) => {
      const text = `${opening}${responding}`
      assert.isUndefined(play(...Array.from(text, chunk), complete(text)).error)
    },
  )

  it("is not one where the final response is another", () => {
    const heard = play(chunk("The "), chunk(responding), complete("The answer"))
    assert.deepStrictEqual(contents(heard), ["The ", "answer", "Finished"])
  })

  it("is not one where a call or a file follows, which shows it first", () => {
    const heard = hearText(...[chunk("I enc"), ...call].map((one) => frame(one)))
    assert.deepStrictEqual(contents(heard), ["I enc", "tool_call", "tool_result"])
  })

  it("is one also where thinking, plans and pings come between its chunks", () => {
    const step = { step_id: "1", title: "one" }
    const between: ReadonlyArray<Wire> = [
      ["thinking", { content: "hm" }],
      ["ping", {}],
      ["plan_created", { steps: [{ id: "1", title: "one" }] }],
      ["plan_step_start", step],
      ["plan_step_complete", step],
    ]
    const types = ["thinking", "plan", "plan_step", "plan_step"]
    for (const text of [planning, `\n${responding}\n`])
      failedWithout(play(chunk(text.slice(0, 5)), ...between, chunk(text.slice(5)), complete(text)), types)
    const answer = play(chunk("I enc"), ...between, chunk("ode it."), complete("I encode it."))
    assert.deepStrictEqual(contents(answer), [...types, "I enc", "ode it.", "Finished"])
  })

  it("is held up to a length, except one whose first chunk is longer", () => {
    const long = frame(chunk("x".repeat(2048)))
    assert.lengthOf(hearText(frame(chunk(responding))).events, 0)
    assert.lengthOf(hearText(frame(chunk(responding)), long).events, 2)
    const page = `${responding}<html>${"x".repeat(9000)}</html>`
    failedWithout(play(chunk(page), complete(page)), [])
    failedWithout(play(chunk("The "), chunk(page), complete(page)), ["The "])
    failedWithout(hearText(frame(chunk(page)), done()), [])
    const text = "x".repeat(9000)
    assert.deepStrictEqual(contents(hearText(frame(chunk(text)))), [text])
  })
})

describe("a sub-agent that says an error of the runtime", () => {
  const names = { skill_id: "s", skill_name: "subagent:s" }
  const start: Wire = ["skill_call_start", { ...names, arguments: {} }]
  const result = (text: string): Wire => ["skill_call_complete", { ...names, result: text, success: true }]
  const hidden = { result: null, success: false, error: "The sub-agent failed." }
  const said = (...wire: ReadonlyArray<Wire>) =>
    play(start, ...wire, complete("The answer")).events.flatMap((event) =>
      event._tag === "Message" && ["thinking", "skill_result"].includes(event.draft.type)
        ? [event.draft.data]
        : [],
    )

  it.each([planning, responding])("has failed, and the sentence is not shown: %s", (text) => {
    const bare = { skillId: "s", skillName: "subagent:s", ...hidden }
    assert.deepStrictEqual(said(chunk(text), result(text)), [bare])
    assert.deepStrictEqual(said(...Array.from(text, chunk), result(text)), [bare])
    assert.deepStrictEqual(said(result(text)), [bare])
    assert.deepStrictEqual(said(chunk("A part. "), chunk(text), result(text)), [
      { content: "A part. " },
      bare,
    ])
    assert.deepStrictEqual(
      said(
        chunk(text.slice(0, 9)),
        ["thinking", { content: "hm", stage: "planning" }],
        chunk(text.slice(9)),
        result(text),
      ),
      [{ content: "hm", stage: "planning" }, bare],
    )
  })

  it("is not one that begins like it", () => {
    assert.deepStrictEqual(said(chunk("I "), chunk("enc"), chunk("ode it."), result("I encode it.")), [
      { content: "I " },
      { content: "enc" },
      { content: "ode it." },
      { skillId: "s", skillName: "subagent:s", result: "I encode it.", success: true },
    ])
  })

  it("does not hide the result of an ordinary skill", () => {
    const skill = { skill_id: "k", skill_name: "k" }
    const given: Wire = ["skill_call_complete", { ...skill, result: planning, success: true }]
    assert.deepInclude(said(["skill_call_start", { ...skill, arguments: {} }], given)[0], {
      result: planning,
    })
  })
})

/** Requests of direct mode, held to the rules for files of the real providers. */
import { assert, describe, it } from "@effect/vitest"
import * as Struct from "effect/Struct"
import { plainRequests } from "../../../src/domain/DirectProvider.ts"
import type { PromptMessage } from "../../../src/domain/History.ts"
import type { Turn } from "../../../src/execution/Executor.ts"
import { rulesOf as limitsOf } from "../../../src/execution/direct/AttachmentLimits.ts"
import { wires } from "../../../src/execution/direct/Wire.ts"
import { fitted, type LoadedFile, planOf } from "../../../src/execution/files/AttachmentRules.ts"
import { agent, turn } from "../../support/fixtures.ts"
import { attachment } from "../../support/heldFiles.ts"
import { fileRefusalOf, type FileWire } from "../../support/strictFiles.ts"

const image: LoadedFile = { ...attachment(1), content: "iVBO" }
const pdf: LoadedFile = { ...attachment(2, "pdf"), content: "JVBE" }
const notes: LoadedFile = { ...attachment(3, "text"), content: "a, b" }
const settings = { name: "a", baseUrl: undefined, apiKey: undefined, model: "m", ...plainRequests }

/** A turn whose current message, or the one before it, brings `own`. */
const turnWith = (place: "current" | "history", content: string, own: ReadonlyArray<LoadedFile>): Turn => {
  const attachments = own.map((file) => Struct.omit(file, ["content"]))
  const message: PromptMessage = { role: "user", content, attachments }
  const history: ReadonlyArray<PromptMessage> =
    place === "current"
      ? [message]
      : [message, { role: "assistant", content: "Yes." }, { role: "user", content: "And now?" }]
  return turn({
    agent: agent({ systemPrompt: "" }),
    history,
    message: content,
    files: new Map(own.map((file) => [file.fileId, file])),
  })
}

const directWires = [
  "openai-compatible",
  "openai",
  "anthropic",
  "google",
] as const satisfies ReadonlyArray<FileWire>
const loaded = new Map(
  ["image/png", "image/jpeg", "image/gif", "image/webp"].map((mediaType, index) => {
    const file = { ...image, ...attachment(10 + index, "image", { mediaType }), content: "iVBO" }
    return [file.fileId, file]
  }),
)

/** The body for the files that the rules of the provider let through. */
const strictBody = (kind: FileWire, one: Turn) => {
  const provider = { ...settings, kind, attachments: ["image", "pdf", "text"] as const }
  const current = one.history.at(-1)!
  const plan = planOf(limitsOf(provider), current, [], one.history.slice(0, -1))
  assert.notProperty(plan, "reason")
  const history = one.history.map((past) => fitted(past, "sent" in plan ? (plan.sent.get(past) ?? []) : []))
  return wires[kind].body(provider, { ...one, history }, "m")
}

describe("the strict rules of a provider", () => {
  it.each(directWires)("accept every kind of file in a message and in the history: %s", (wire) => {
    for (const place of ["current", "history"] as const) {
      const one = turnWith(place, "See", [image, pdf, notes, ...loaded.values()])
      const body = strictBody(wire, one)
      assert.strictEqual(fileRefusalOf(wire, body), undefined)
      assert.include(JSON.stringify(body), "JVBE")
    }
  })

  it.each(directWires)("accept files without a text, an empty text file and an odd name: %s", (wire) => {
    const named = { ...pdf, filename: `\ud800${"é".repeat(200)}.pdf` }
    const empty = { ...notes, content: "" }
    const one = turnWith("current", "", [named, empty])
    const body = strictBody(wire, one)
    assert.strictEqual(fileRefusalOf(wire, body), undefined)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { PromptMessage } from "../../../src/domain/History.ts"
import type { ExecutionMode } from "../../../src/domain/Mode.ts"
import { Executor, type Turn } from "../../../src/execution/Executor.ts"
import type { AttachmentRules } from "../../../src/execution/files/AttachmentRules.ts"
import * as FilesExecutor from "../../../src/execution/files/FilesExecutor.ts"
import { finished, says, text, turn } from "../../support/fixtures.ts"
import { attachment, type Held, heldFiles } from "../../support/heldFiles.ts"

const rules: AttachmentRules = {
  kinds: ["image", "pdf", "text"],
  as: "contents",
  mostBytes: 1_000_000,
  mostImageBytes: 1_000_000,
  mostFiles: 10,
}

const bytes = new Uint8Array([137, 80, 78, 71])
const image = attachment(1)
const before = attachment(2, "pdf")
const contents = new Map([image, before].map(({ fileId }) => [fileId, bytes]))

const question: PromptMessage = { role: "user", content: "What is it?", attachments: [image] }
const asked = turn({
  message: question.content,
  attachments: [image],
  history: [
    { role: "user", content: "See", attachments: [before] },
    { role: "assistant", content: "Yes." },
    question,
  ],
})

/** The turn that a target gets, or the error before it was called. */
const sent = (given: Turn, held: Held, own: AttachmentRules | "none" = rules) => {
  const calls: Array<Turn> = []
  const target = Layer.succeed(
    Executor,
    Executor.of({
      mode: "direct_llm" satisfies ExecutionMode,
      target: "a",
      ...(own === "none" ? {} : { attachments: () => own }),
      execute: (one) => {
        calls.push(one)
        return Stream.make(says(text("Yes.")), finished)
      },
    }),
  )
  return Executor.pipe(
    Effect.flatMap(({ execute }) => Stream.runDrain(execute(given))),
    Effect.map(() => calls[0]!),
    Effect.provide(FilesExecutor.around(target).pipe(Layer.provide(heldFiles(held)))),
    Effect.catch((error) => {
      assert.lengthOf(calls, 0)
      return Effect.succeed(error)
    }),
  )
}

const turnSent = (...given: Parameters<typeof sent>) =>
  Effect.map(sent(...given), (one) => {
    if ("_tag" in one) throw new Error(one._tag)
    return one
  })

describe("a target with the files of its turns", () => {
  it.effect("gets the contents of the current message's files and of earlier ones", () =>
    Effect.gen(function* () {
      const reads: Array<string> = []
      const { files, history } = yield* turnSent(asked, { contents, reads })
      assert.deepStrictEqual(history, asked.history)
      assert.strictEqual(files?.get(image.fileId)?.content, "iVBORw==")
      assert.strictEqual(files?.get(before.fileId)?.content, "iVBORw==")
      assert.lengthOf(reads, 2)
    }),
  )

  it.effect("gets a turn without files unchanged, and nothing is read", () =>
    Effect.gen(function* () {
      const reads: Array<string> = []
      assert.deepStrictEqual(yield* turnSent(turn(), { contents, reads }), turn())
      assert.lengthOf(reads, 0)
    }),
  )

  it.effect("gets marks for earlier files that it does not take or that are gone", () =>
    Effect.gen(function* () {
      const images = { ...rules, kinds: ["image"] as const }
      const own = yield* turnSent(asked, { contents }, images)
      const gone = yield* turnSent(asked, { contents: new Map([[image.fileId, bytes]]) })
      const deleted = yield* turnSent(asked, { contents, deleted: [before.fileId] })
      for (const { history } of [own, gone, deleted])
        assert.deepStrictEqual(history[0], {
          role: "user",
          content: "See\n\n[file: file-2.pdf]",
          attachments: [],
        })
    }),
  )

  it.effect("gets marks for all earlier files if it takes none", () =>
    Effect.gen(function* () {
      const plain = turn({
        history: [asked.history[0]!, asked.history[1]!, { role: "user", content: "And?" }],
      })
      const { history } = yield* turnSent(plain, { contents }, "none")
      assert.strictEqual(history[0]?.content, "See\n\n[file: file-2.pdf]")
    }),
  )

  it.effect("is not called if a file of the current message is gone", () =>
    Effect.gen(function* () {
      for (const held of [{ contents: new Map() }, { contents, deleted: [image.fileId] }])
        assert.deepInclude(yield* sent(asked, held), {
          _tag: "AttachmentUnreadable",
          upstream: "a",
          detail: "deleted",
        })
    }),
  )

  it.effect("is not called if any file cannot be read, because the answer would lack it", () =>
    Effect.gen(function* () {
      const plain = turn({ history: [asked.history[0]!, { role: "user", content: "And?" }] })
      const error = yield* sent(plain, { contents, broken: true })
      assert.deepInclude(error, { _tag: "AttachmentUnreadable", detail: "read" })
    }),
  )

  it.effect("is not called if the files of the current message are too large for it", () =>
    Effect.gen(function* () {
      const error = yield* sent(asked, { contents }, { ...rules, mostBytes: 4 })
      assert.deepInclude(error, { _tag: "AttachmentsRefused", detail: "files of 8 bytes" })
    }),
  )

  it.effect("gets the beginning of a long text, and no half of a character", () =>
    Effect.gen(function* () {
      const long = Buffer.from(`a${"é".repeat(200_000)}`)
      const file = attachment(3, "text", { bytes: long.length })
      const one = turn({ attachments: [file], history: [{ ...question, attachments: [file] }] })
      const { files } = yield* turnSent(one, { contents: new Map([[file.fileId, long]]) })
      assert.strictEqual(files?.get(file.fileId)?.content, `a${"é".repeat(131_071)}`)
    }),
  )

  it.effect("gets links instead of contents if it fetches files itself", () =>
    Effect.gen(function* () {
      const reads: Array<string> = []
      const { files } = yield* turnSent(asked, { contents, reads }, { ...rules, as: "links" })
      assert.match(
        files?.get(image.fileId)?.content ?? "",
        new RegExp(`^https://chat\\.example/api/v1/files/${image.fileId}\\?ticket=ey`),
      )
      assert.lengthOf(reads, 0)
    }),
  )
})

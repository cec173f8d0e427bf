import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { AttachmentKind } from "../../../src/domain/Attachment.ts"
import { AttachmentsRefused, AttachmentUnreadable } from "../../../src/execution/ExecutionError.ts"
import { Executor } from "../../../src/execution/Executor.ts"
import { noAttachments } from "../../../src/execution/files/AttachmentRules.ts"
import { finished, says, text, turn } from "../../support/fixtures.ts"
import { attachment } from "../../support/heldFiles.ts"
import { type Asked, direct, playTurn, runtime, type Script } from "../scripted.ts"

const seeing = (target: Layer.Layer<Executor>, ...kinds: ReadonlyArray<AttachmentKind>) =>
  Layer.effect(
    Executor,
    Effect.map(Executor, (executor) =>
      Executor.of({ ...executor, attachments: () => ({ ...noAttachments, kinds }) }),
    ),
  ).pipe(Layer.provide(target))

const answer: Script = [says(text("A cat.")), finished]
const asked = turn({ attachments: [attachment(1)] })

describe("a turn with an image", () => {
  const targetsAfter = (error: AttachmentsRefused | AttachmentUnreadable) =>
    Effect.gen(function* () {
      const calls: Array<Asked> = []
      const { exit } = yield* playTurn(
        [
          seeing(runtime(calls, [error]), "image"),
          seeing(direct(calls, "blind", answer), "text"),
          seeing(direct(calls, "sees", answer), "text", "image"),
        ],
        { turn: asked },
      )
      return [Exit.isSuccess(exit), ...calls.map(({ target }) => target)]
    })

  it.effect("skips the targets that do not see, and moves on from one that refuses its size", () =>
    Effect.gen(function* () {
      const refused = new AttachmentsRefused({ upstream: "runtime", detail: "files of 8 bytes" })
      assert.deepStrictEqual(yield* targetsAfter(refused), [true, "runtime", "sees"])
    }),
  )

  it.effect("ends if the image cannot be read, because no target could read it", () =>
    Effect.gen(function* () {
      const unreadable = new AttachmentUnreadable({ upstream: "runtime", detail: "deleted" })
      assert.deepStrictEqual(yield* targetsAfter(unreadable), [false, "runtime"])
    }),
  )
})

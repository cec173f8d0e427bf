import { assert, describe, it } from "@effect/vitest"
import type { Attachment } from "../../../src/domain/Attachment.ts"
import type { PromptMessage } from "../../../src/domain/History.ts"
import {
  type AttachmentRules,
  carries,
  fitted,
  planOf,
} from "../../../src/execution/files/AttachmentRules.ts"
import { attachment } from "../../support/heldFiles.ts"

const rules: AttachmentRules = {
  kinds: ["image", "pdf", "text"],
  as: "contents",
  mostBytes: 4000,
  mostImageBytes: 4000,
  mostFiles: 4,
}

const user = (content: string, ...attachments: ReadonlyArray<Attachment>): PromptMessage => ({
  role: "user",
  content,
  attachments,
})

/** 1200 bytes are 1600 characters of base64. */
const large = (number: number) => attachment(number, "image", { bytes: 1200 })

const sentOf = (
  current: PromptMessage,
  earlier: ReadonlyArray<PromptMessage>,
  own: AttachmentRules = rules,
): ReadonlyArray<ReadonlyArray<string>> | string => {
  const plan = planOf(own, current, current.attachments ?? [], earlier)
  if ("reason" in plan) return plan.reason
  return [...earlier, current].map((message) =>
    (plan.sent.get(message) ?? []).map(({ filename }) => filename),
  )
}

describe("the files of a request", () => {
  it("are all that fit", () => {
    const earlier = [user("a", attachment(1)), { role: "assistant", content: "b" } as const]
    assert.deepStrictEqual(sentOf(user("c", attachment(2)), earlier), [["file-1.png"], [], ["file-2.png"]])
  })

  it("are the newest when they do not fit, and none that is older than one left out", () => {
    const earlier = [user("a", attachment(1)), user("b", large(2)), user("c", large(3))]
    assert.deepStrictEqual(sentOf(user("d", large(4)), earlier), [[], [], ["file-3.png"], ["file-4.png"]])
  })

  it("count by number", () => {
    const earlier = [user("a", attachment(1)), user("b", attachment(2), attachment(3))]
    const most = { ...rules, mostFiles: 3 }
    assert.deepStrictEqual(sentOf(user("c", attachment(4)), earlier, most), [
      [],
      ["file-2.png", "file-3.png"],
      ["file-4.png"],
    ])
  })

  it("go along once, with the newest message that brings them", () => {
    assert.deepStrictEqual(sentOf(user("b", attachment(1)), [user("a", attachment(1))]), [[], ["file-1.png"]])
  })

  it("leave out other kinds of earlier messages and continue with older ones", () => {
    const earlier = [user("a", attachment(1)), user("b", attachment(2, "pdf"))]
    const images = { ...rules, kinds: ["image"] as const }
    assert.deepStrictEqual(sentOf(user("c"), earlier, images), [["file-1.png"], [], []])
  })

  it.each<readonly [string, PromptMessage, Partial<AttachmentRules>, string]>([
    ["kind", user("", attachment(1, "pdf")), { kinds: ["image"] }, "takes no pdf"],
    ["image", user("", large(1)), { mostImageBytes: 1599 }, "an image of 1600 bytes"],
    ["sum", user("", large(1), large(2), large(3)), {}, "files of 4800 bytes"],
    ["number", user("", attachment(1), attachment(2)), { mostFiles: 1 }, "more than 1 files"],
  ])("refuse a file of the current message for its %s", (_, current, limits, reason) => {
    assert.strictEqual(sentOf(current, [], { ...rules, ...limits }), reason)
  })

  it("count only the beginning of a text, and not as a file", () => {
    const texts = [1, 2, 3].map((number) => attachment(number, "text", { bytes: 10_000_000 }))
    const room = { ...rules, mostBytes: 3 * 256 * 1024, mostFiles: 0 }
    assert.lengthOf(sentOf(user("", ...texts), [], room), 1)
  })

  it("have no size as links", () => {
    const links = { ...rules, as: "links", mostBytes: 0, mostImageBytes: 0, mostFiles: 0 } as const
    assert.deepStrictEqual(sentOf(user("", large(1), attachment(2, "pdf")), [], links), [
      ["file-1.png", "file-2.pdf"],
    ])
  })

  it("leave marks, each name on one line", () => {
    const odd = attachment(2, "pdf", { filename: "a]\n[file: b\u2028.\u0000\ud800pdf" })
    const message = user("Look.", attachment(1), odd)
    assert.deepStrictEqual(fitted(message, [attachment(1)]), {
      role: "user",
      content: "Look.\n\n[file: a file: b . \ufffdpdf]",
      attachments: [attachment(1)],
    })
    assert.strictEqual(fitted(user("", attachment(1)), []).content, "[file: file-1.png]")
    assert.strictEqual(fitted(message, message.attachments ?? []), message)
  })
})

describe("carries", () => {
  it("is true only for every kind", () => {
    const images = { ...rules, kinds: ["image", "text"] as const }
    assert.isTrue(carries(images, []))
    assert.isTrue(carries(images, ["text", "image", "image"]))
    assert.isFalse(carries(images, ["image", "pdf"]))
  })

  it("leaves out an earlier file of a refused type and keeps older ones", () => {
    const gif = attachment(2, "image", { mediaType: "image/gif" })
    const own = { ...rules, refusedTypes: ["image/gif"] }
    const earlier = [user("a", attachment(1)), user("b", gif)]
    assert.deepStrictEqual(sentOf(user("c"), earlier, own), [["file-1.png"], [], []])
    assert.strictEqual(sentOf(user("c", gif), [], own), "takes no image/gif")
  })
})

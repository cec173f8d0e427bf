/**
 * A target with the files of its turns: an `Executor` around an `Executor`. It chooses the files of each request, reads
 * them or makes links to them, and replaces every other file by a mark in its message.
 *
 * Invariant: the target is called only after every file of the current message was read, and gets no file that its user has
 * deleted. Files are read for one request and are not kept.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Attachment } from "../../domain/Attachment.ts"
import type { PromptMessage } from "../../domain/History.ts"
import type { FileId } from "../../domain/Ids.ts"
import { mostTextBytes } from "../../domain/PromptFile.ts"
import { type ContentsMissing, FileContents } from "../../files/FileContents.ts"
import { FileLinks } from "../../files/FileLinks.ts"
import { Files } from "../../store/Files.ts"
import { AttachmentsRefused, AttachmentUnreadable, type ExecutionError } from "../ExecutionError.ts"
import { Executor, rulesOf, type Turn } from "../Executor.ts"
import { fitted, type LoadedFile, planOf } from "./AttachmentRules.ts"

/** A runtime may fetch a file late in a long run. */
const linkSeconds = 3600

const hasFiles = ({ attachments = [] }: PromptMessage): boolean => attachments.length > 0

const isPlain = ({ attachments, history, past }: Turn): boolean =>
  attachments.length === 0 && !history.some(hasFiles) && !past.some(hasFiles)

/** A text that was cut within a character loses the rest of it. */
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes, { stream: true })

const readWith =
  ({ read }: FileContents["Service"], upstream: string) =>
  (file: Attachment): Effect.Effect<LoadedFile, AttachmentUnreadable | ContentsMissing> => {
    const range =
      file.kind === "text" && file.bytes > mostTextBytes ? { first: 0, last: mostTextBytes - 1 } : undefined
    return Effect.map(Stream.runCollect(read(file.fileId, range)), (chunks) => {
      const bytes = Buffer.concat(chunks)
      return { ...file, content: file.kind === "text" ? decodeText(bytes) : bytes.toString("base64") }
    }).pipe(
      Effect.catchTag("ContentsUnavailable", ({ cause, operation }) =>
        Effect.fail(new AttachmentUnreadable({ upstream, detail: operation, cause })),
      ),
    )
  }

const linkWith =
  ({ make }: FileLinks["Service"], upstream: string, owner: Pick<Turn, "orgId" | "userId">) =>
  (file: Attachment): Effect.Effect<LoadedFile, AttachmentUnreadable> =>
    Effect.flatMap(make(owner, file.fileId, linkSeconds), (url) =>
      url === undefined
        ? Effect.fail(new AttachmentUnreadable({ upstream, detail: "no PUBLIC_URL" }))
        : Effect.succeed({ ...file, content: url }),
    )

const earlierOf = ({ history }: Turn): ReadonlyArray<PromptMessage> => history.slice(0, -1)

const make = (
  executor: Executor["Service"],
  contents: FileContents["Service"],
  links: FileLinks["Service"],
  store: Files["Service"],
) => {
  const upstream = executor.target
  const read = readWith(contents, upstream)

  /** The contents of a deleted file stay for a while, so its row decides. */
  const existing = (turn: Turn, files: ReadonlyArray<Attachment>) =>
    store
      .find(
        turn,
        files.map(({ fileId }) => fileId),
      )
      .pipe(
        Effect.map((found) => new Set(found.map(({ fileId }) => fileId))),
        Effect.mapError((cause) => new AttachmentUnreadable({ upstream, detail: "store", cause })),
      )

  /** A file of an earlier message may have been deleted since; then its mark remains. */
  const load = Effect.fnUntraced(function* (
    turn: Turn,
    files: ReadonlyArray<Attachment>,
    get: (file: Attachment) => Effect.Effect<LoadedFile, AttachmentUnreadable | ContentsMissing>,
  ): Effect.fn.Return<ReadonlyMap<FileId, LoadedFile>, AttachmentUnreadable> {
    const loaded = new Map<FileId, LoadedFile>()
    if (files.length === 0) return loaded
    const known = yield* existing(turn, files)
    for (const file of files) {
      const found = known.has(file.fileId)
        ? yield* Effect.catchTag(get(file), "ContentsMissing", () => Effect.undefined)
        : undefined
      if (found !== undefined) loaded.set(file.fileId, found)
      else if (turn.attachments.some(({ fileId }) => fileId === file.fileId))
        return yield* new AttachmentUnreadable({ upstream, detail: "deleted" })
    }
    return loaded
  })

  const prepared = Effect.fnUntraced(function* (turn: Turn): Effect.fn.Return<Turn, ExecutionError> {
    const rules = rulesOf(executor, turn.agent)
    const current = turn.history.at(-1) ?? { role: "user", content: turn.message }
    const plan = planOf(rules, current, turn.attachments, (executor.filesFrom ?? earlierOf)(turn))
    if ("reason" in plan) return yield* new AttachmentsRefused({ upstream, detail: plan.reason })
    const get = rules.as === "links" ? linkWith(links, upstream, turn) : read
    const files = yield* load(turn, [...plan.sent.values()].flat(), get)
    const fit = <M extends PromptMessage>(message: M): M =>
      fitted(
        message,
        (plan.sent.get(message) ?? []).filter(({ fileId }) => files.has(fileId)),
      )
    return { ...turn, history: turn.history.map(fit), past: turn.past.map(fit), files }
  })

  return (turn: Turn) =>
    isPlain(turn)
      ? executor.execute(turn)
      : Stream.unwrap(Effect.map(prepared(turn), (ready) => executor.execute(ready)))
}

export const around = <E, R>(
  target: Layer.Layer<Executor, E, R>,
): Layer.Layer<Executor, E, R | FileContents | FileLinks | Files> =>
  Layer.effect(
    Executor,
    Effect.gen(function* () {
      const executor = yield* Executor
      const execute = make(executor, yield* FileContents, yield* FileLinks, yield* Files)
      return Executor.of({ ...executor, execute })
    }),
  ).pipe(Layer.provide(target))

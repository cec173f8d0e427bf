/**
 * An export as lines of JSON, a page of the store at a time and at the reader's speed. The response begins before the
 * first page is read, so a failure is its last line. Only a complete export ends with the line `end`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AccessEnds } from "../api/Authorization.ts"
import { counted, type ExportLine, exportVersion, noCounts } from "../api/ExportLine.ts"
import type { RunId } from "../domain/Ids.ts"
import { mapEntries, type Page } from "../domain/Page.ts"
import type { Principal } from "../domain/Principal.ts"
import type { SessionOverview } from "../domain/SessionOverview.ts"
import { ExportedMessages } from "../store/ExportedMessages.ts"
import { SessionLists, type SessionPosition } from "../store/SessionLists.ts"
import type { StoreError } from "../store/StoreError.ts"
import { withUrls } from "./AttachmentView.ts"
import { toPublic } from "./ErrorMapping.ts"
import { TokenExpired } from "./Jwt.ts"

/** The export holds several copies of a page, and many exports may run at once. */
const pageOf = { limit: 100, bytes: 64 * 1024 }

type Failure = StoreError | TokenExpired
/** The lines of a page. */
type Lines = ReadonlyArray<ExportLine>

const encoder = new TextEncoder()
const encoded = (lines: Lines): Uint8Array =>
  encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))

const errorLine = (cause: Cause.Cause<Failure>): ExportLine => {
  const { code, message } = Option.match(Cause.findErrorOption(cause), {
    onNone: () => ({ code: "INTERNAL_ERROR", message: "The export failed." }),
    onSome: toPublic,
  })
  return { type: "error", error: { code, message } }
}

const pages = <Entry, Key>(
  first: Key | undefined,
  read: (after: Key | undefined) => Effect.Effect<Page<Entry, Key>, Failure>,
): Stream.Stream<ReadonlyArray<Entry>, Failure> =>
  Stream.paginate(first, (after) =>
    Effect.map(read(after), ({ entries, next }) => [[entries], Option.fromNullOr(next)] as const),
  )

/** The lines, then the line that ends the export or states its failure. */
const body = (start: ExportLine, all: Stream.Stream<Lines, Failure>): Stream.Stream<Uint8Array> =>
  Stream.suspend(() => {
    let counts = noCounts
    const count = (lines: Lines) => {
      counts = counted(counts, lines)
      return encoded(lines)
    }
    const end = Stream.sync(() => encoded([{ type: "end", ...counts }]))
    const failed = (cause: Cause.Cause<Failure>) =>
      Stream.fromEffect(Effect.as(Effect.logWarning("an export failed", cause), encoded([errorLine(cause)])))
    return Stream.succeed(encoded([start])).pipe(
      Stream.concat(Stream.map(all, count)),
      Stream.concat(end),
      Stream.catchCause(failed),
    )
  })

export const make = Effect.gen(function* () {
  const lists = yield* SessionLists
  const messages = yield* ExportedMessages

  const linesOf = (session: SessionOverview, access: Effect.Effect<void, Failure>) => {
    const { id } = session
    const ofMessages = pages<ExportLine, number>(undefined, (after = 0) =>
      Effect.map(Effect.andThen(access, messages.page(id, after)), (page) =>
        mapEntries(page, (message) => ({ type: "message", message: withUrls(message) })),
      ),
    )
    const ofRuns = pages<ExportLine, RunId>(undefined, (before) =>
      Effect.map(Effect.andThen(access, lists.runs(id, { ...pageOf, before })), (page) =>
        mapEntries(page, (run) => ({ type: "run", run })),
      ),
    )
    return Stream.succeed<Lines>([{ type: "session", session }]).pipe(
      Stream.concat(ofMessages),
      Stream.concat(ofRuns),
    )
  }

  const sessionsOf = (principal: Principal) =>
    pages<SessionOverview, SessionPosition>(undefined, (before) =>
      lists.list(principal, { order: "created", ...pageOf, before }),
    ).pipe(Stream.flatMap(Stream.fromIterable))

  /** `session`: the only one; undefined for all sessions of the owner. The caller's access is checked for every page. */
  return Effect.fnUntraced(function* (owner: Principal, session: SessionOverview | undefined) {
    const accessEnds = yield* AccessEnds
    const exportedAt = yield* Clock.currentTimeMillis
    const access = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now < accessEnds() ? Effect.void : Effect.fail(new TokenExpired()),
    )
    const { orgId, userId } = owner
    const sessionId = session?.id ?? null
    const all = session === undefined ? sessionsOf(owner) : Stream.succeed(session)
    return HttpServerResponse.stream(
      body(
        { type: "export", version: exportVersion, orgId, userId, sessionId, exportedAt },
        Stream.flatMap(all, (one) => linesOf(one, access)),
      ),
      {
        contentType: "application/x-ndjson",
        headers: {
          "content-disposition": `attachment; filename="${session?.id ?? "sessions"}.ndjson"`,
          "cache-control": "private, no-store",
        },
      },
    )
  })
})

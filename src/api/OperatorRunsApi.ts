/**
 * Runs of users, for the operators of the service and the administrators of an organisation. Every answer is audited.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Attachment } from "../domain/Attachment.ts"
import { Feedback, Rating } from "../domain/Feedback.ts"
import { AgentId, OrgId, RunId, SessionId, UserId } from "../domain/Ids.ts"
import { ListedRun, RatedAnswer } from "../domain/ListedRun.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { Run, RunStatus } from "../domain/Run.ts"
import { ChainLink, RunTimes, TimedAttempt } from "../domain/RunAccount.ts"
import { ChatMessage } from "../domain/Session.ts"
import { Message } from "../protocol/agent2ui/Message.ts"
import { Authorization, OrPermission, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { readsStream } from "./ChatApi.ts"
import { pagedBy, wholeNumber } from "./Paging.ts"
import { RouteErrors, StreamsRun } from "./RouteErrors.ts"

const text = (pattern: RegExp, message: string) => Schema.String.check(Schema.isPattern(pattern, { message }))

/** The last millisecond of a UUIDv7. */
const latest = 2 ** 48 - 1
const time = wholeNumber(0, latest)

const page = pagedBy("runs", RunId, 200)

export const RunsQuery = Schema.Struct({
  ...page.query,
  org: Schema.optionalKey(OrgId),
  user: Schema.optionalKey(UserId),
  session: Schema.optionalKey(SessionId),
  agent: Schema.optionalKey(AgentId),
  mode: Schema.optionalKey(ExecutionMode),
  status: Schema.optionalKey(RunStatus),
  code: Schema.optionalKey(text(/^[A-Z][A-Z0-9_]{0,99}$/, "Expected an error code, such as LLM_UNAVAILABLE")),
  reason: Schema.optionalKey(
    text(/^[^\p{Cs}\p{Cc}]{1,200}$/u, "Expected 1 to 200 characters without control characters"),
  ),
  traceId: Schema.optionalKey(text(/^[0-9a-f]{32}$/, "Expected 32 lower-case hexadecimal digits")),
  from: Schema.optionalKey(time),
  to: Schema.optionalKey(time),
  feedback: Schema.optionalKey(Schema.Literals([...Rating.literals, "any"])),
}).check(
  Schema.makeFilter(({ from, to }) =>
    from === undefined || to === undefined || from < to
      ? undefined
      : { path: ["to"], issue: "Expected a time after `from`" },
  ),
)
export type RunsQuery = typeof RunsQuery.Type

export const RunsPage = Schema.Struct({ runs: Schema.Array(ListedRun), ...page.answer })

const RunMessage = Schema.Struct({
  ...ChatMessage.fields,
  parts: Schema.Array(Message),
  attachments: Schema.Array(Attachment),
})

/** The texts of the user and the answer. */
const Content = Schema.Struct({
  question: Schema.NullOr(RunMessage),
  answer: Schema.NullOr(RunMessage),
  /** The comment of the feedback. */
  comment: Feedback.fields.comment,
  chain: Schema.Array(Message),
  execution: Schema.Array(ChainLink),
})

const chainPage = pagedBy("chain", Schema.Int, 1000)

export const RunView = Schema.Struct({
  ...Run.fields,
  attempts: Schema.Array(TimedAttempt),
  times: RunTimes,
  eventsKept: Schema.Boolean,
  feedback: Schema.NullOr(RatedAnswer),
  /** Null, unless the request asks for it. */
  content: Schema.NullOr(Content),
  ...chainPage.answer,
})
export type RunView = typeof RunView.Type

export class OperatorRunsApi extends HttpApiGroup.make("operatorRuns")
  .add(
    HttpApiEndpoint.get("list", "/runs", {
      query: RunsQuery,
      success: success(RunsPage),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(RouteErrors, ["ORG_NOT_FOUND"])
      .annotate(OpenApi.Summary, "List the runs of users")
      .annotate(
        OpenApi.Description,
        "Newest first, without the texts of users. With `admin:read` only the own organisation, with `operator:read` any. All filters must match. A page examines a limited number of runs, so it can have few entries, or none, while `hasMore` is true. Each list adds an entry to the audit.",
      ),
    HttpApiEndpoint.get("get", "/runs/:runId", {
      params: { runId: RunId },
      query: {
        ...chainPage.query,
        content: Schema.optionalKey(Schema.Literals(["true", "false"])),
      },
      success: success(RunView),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(RouteErrors, ["RUN_NOT_FOUND"])
      .annotate(OpenApi.Summary, "Read a user's run")
      .annotate(
        OpenApi.Description,
        "The decision with every rule, each attempt with its times, the outcome and the rating. With `content=true` also the messages, the events, the user's comment, and for `operator:read` the upstream's failure texts. Each read adds an entry to the audit.",
      ),
  )
  .add(
    HttpApiEndpoint.get("events", "/runs/:runId/events", { params: { runId: RunId }, ...readsStream })
      .annotate(RequiredPermissions, ["admin:read"])
      .annotate(OrPermission, "operator:read")
      .annotate(StreamsRun, "reads")
      .annotate(OpenApi.Summary, "Read the events of a user's run")
      .annotate(
        OpenApi.Description,
        "The stream that the user reads: first the stored events, then new ones as they happen. Requires `admin:content` for the own organisation, or `operator:content`. Each read adds an entry to the audit.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(
    OpenApi.Description,
    "For operators and administrators: find the run of a user and see what happened in it.",
  )
  .annotate(OpenApi.Title, "Runs of users")
  .prefix("/api/v1/runtime") {}

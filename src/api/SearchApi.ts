/** The search in the caller's sessions. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "../domain/Ids.ts"
import { parseQuery } from "../domain/SearchQuery.ts"
import { SearchResult } from "../domain/SearchResult.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { errorSchemas } from "./ErrorSchemas.ts"
import { pagedBy } from "./Paging.ts"

/** A sentence that a user pastes. Each word costs a lookup in the index. */
const longestQuery = 400

const q = Schema.String.check(
  Schema.isMaxLength(longestQuery, { message: `Expected at most ${longestQuery} characters` }),
  Schema.makeFilter(
    (text) => parseQuery(text) !== undefined || "Expected at least one letter, digit or emoji",
  ),
)

const page = pagedBy("search", Schema.Tuple([Schema.Int, SessionId]), 50)

export class SearchApi extends HttpApiGroup.make("search")
  .add(
    HttpApiEndpoint.get("search", "/search", {
      query: {
        q,
        agentId: Schema.optionalKey(AgentId),
        archived: Schema.optionalKey(
          Schema.Literals(["true", "false", "all"]).annotate({
            description: "`true`: only archived sessions. `all`: those too. By default the others.",
          }),
        ),
        ...page.query,
      },
      success: success(Schema.Struct({ results: Schema.Array(SearchResult), ...page.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["chat:read"])
      .annotate(OpenApi.Summary, "Search your sessions")
      .annotate(
        OpenApi.Description,
        "Finds sessions of the caller by the words of their messages and titles: the session with the newest match first, each with up to three messages. A new message can be found about a second after its turn ends. A page may have fewer results than `limit`; `hasMore` says if there are more.",
      ),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Search")
  .annotate(OpenApi.Description, "Find sessions by the words of their messages and titles.")
  .prefix("/api/v1/chat") {}

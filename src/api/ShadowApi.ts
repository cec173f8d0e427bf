/**
 * The results of shadow runs: the agreement of the modes, compared with the agreement of a mode with itself, and
 * their differences.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { AgentId, OrgId, RunId } from "../domain/Ids.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { Dimension, ShadowEnding, ShadowPair } from "../domain/ShadowPair.ts"
import { Authorization, RequestValidation, RequiredPermissions } from "./Authorization.ts"
import { success } from "./Envelope.ts"
import { pagedBy, wholeNumber } from "./Paging.ts"
import { errorSchemas } from "./ErrorSchemas.ts"

/** A share of samples with its 95 % interval (Wilson); the interval is 0 to 1 without samples. */
const rate = {
  of: Schema.Int,
  hits: Schema.Int,
  rate: Schema.Finite,
  low: Schema.Finite,
  high: Schema.Finite,
}

const DimensionReport = Schema.Struct({
  dimension: Dimension,
  /** Two answers agree up to this distance. */
  tolerance: Schema.Finite,
  /** Pairs across the modes. */
  agreement: Schema.Struct(rate),
  /** Pairs within one mode (A/A): `own` of this scope, or of `all` if it has too few. */
  noise: Schema.Struct({ ...rate, scope: Schema.Literals(["own", "all"]) }),
  /** Noise minus agreement, 95 % over all dimensions together (Newcombe, Bonferroni). */
  difference: Schema.Struct({ rate: Schema.Finite, low: Schema.Finite, high: Schema.Finite }),
  verdict: Schema.Literals(["too_few", "within_noise", "above_noise"]),
})

const scope = {
  pairs: Schema.Int,
  samePairs: Schema.Int,
  dimensions: Schema.Array(DimensionReport),
}
const mean = Schema.NullOr(Schema.Int)
const Means = Schema.Struct({ firstContentMs: mean, totalMs: mean, tokens: mean, length: mean })

export const ShadowReport = Schema.Struct({
  ...scope,
  /** The fifty with the most pairs. */
  orgs: Schema.Array(Schema.Struct({ id: Schema.String, ...scope })),
  agents: Schema.Array(Schema.Struct({ id: Schema.String, ...scope })),
  /** Over turns that both modes answered. */
  means: Schema.Struct({ runtime_orchestrator: Means, direct_llm: Means }),
  /** The judge's verdicts by the better mode. */
  judged: Schema.Struct({
    runtime_orchestrator: Schema.Int,
    direct_llm: Schema.Int,
    equal: Schema.Int,
    unclear: Schema.Int,
  }),
  /** All shadow runs by mode and ending, skipped ones included; `estimatedTokens` is the estimated part. */
  ledger: Schema.Array(
    Schema.Struct({
      mode: ExecutionMode,
      ending: ShadowEnding,
      runs: Schema.Int,
      tokens: Schema.Int,
      estimatedTokens: Schema.Int,
    }),
  ),
})

const rates = Schema.Struct(rate)

export const ShadowSeries = Schema.Struct({
  from: Schema.Int,
  widthMs: Schema.Int,
  /** Oldest first. Periods without pairs are absent. */
  points: Schema.Array(
    Schema.Struct({
      /** Epoch milliseconds of the period's start. */
      at: Schema.Int,
      pairs: Schema.Int,
      samePairs: Schema.Int,
      dimensions: Schema.Array(Schema.Struct({ dimension: Dimension, agreement: rates, noise: rates })),
    }),
  ),
})

const mismatchesPage = pagedBy("mismatches", RunId, 1000)
/** Epoch milliseconds. */
const Since = wholeNumber(0, Number.MAX_SAFE_INTEGER)

export class ShadowApi extends HttpApiGroup.make("shadow")
  .add(
    HttpApiEndpoint.get("report", "/report", {
      query: {
        orgId: Schema.optionalKey(OrgId),
        agentId: Schema.optionalKey(AgentId),
        since: Schema.optionalKey(Since),
      },
      success: success(ShadowReport),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the agreement of the modes")
      .annotate(
        OpenApi.Description,
        "Agreement by dimension, organisation and agent, and the cost of the shadow runs.",
      ),
    HttpApiEndpoint.get("series", "/series", {
      query: {
        orgId: Schema.optionalKey(OrgId),
        agentId: Schema.optionalKey(AgentId),
        since: Schema.optionalKey(Since),
        points: Schema.optionalKey(wholeNumber(1, 200)),
      },
      success: success(ShadowSeries),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "Read the agreement over time")
      .annotate(
        OpenApi.Description,
        "Agreement by dimension in periods of equal length, from `since` (a week ago) to now. A period has at least one minute.",
      ),
    HttpApiEndpoint.get("mismatches", "/mismatches", {
      query: { orgId: Schema.optionalKey(OrgId), ...mismatchesPage.query },
      success: success(Schema.Struct({ mismatches: Schema.Array(ShadowPair), ...mismatchesPage.answer })),
      error: errorSchemas,
    })
      .annotate(RequiredPermissions, ["operator:read"])
      .annotate(OpenApi.Summary, "List answers that differ")
      .annotate(OpenApi.Description, "Newest first. Texts are present only if the service stores them."),
  )
  .middleware(RequestValidation)
  .middleware(Authorization)
  .annotate(OpenApi.Description, "For operators: compares the answers of both modes to the same turns.")
  .annotate(OpenApi.Title, "Shadow")
  .prefix("/api/v1/runtime/shadow") {}

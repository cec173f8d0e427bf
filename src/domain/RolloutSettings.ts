/**
 * The settings that decide which turns use the runtime, as operators read and write them. The public API and the
 * store use the same names. `src/decision/RolloutState.ts` defines the source of each field's value.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Actor } from "./Actor.ts"
import { AgentId, OrgId } from "./Ids.ts"
import { ExecutionMode } from "./Mode.ts"
import { type RolloutField, rolloutLimits as limits, ruleHeaderName, ruleLanguage } from "./RolloutLimits.ts"

const lowerCase = Schema.String.pipe(Schema.decode(SchemaTransformation.toLowerCase()))

const HeaderName = lowerCase.check(
  Schema.isPattern(ruleHeaderName, { message: "Expected the name of a header that begins with x-" }),
)

const Language = lowerCase.check(
  Schema.isPattern(ruleLanguage, {
    message: "Expected the primary subtag of a language, such as de for de-AT",
  }),
)

/** UTF-16 code units, like the limit of a message. */
const length = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

interface Lengths {
  readonly minMessageLength?: number
  readonly maxMessageLength?: number
}

/** All given conditions must hold. */
const RuleConditions = Schema.Struct({
  agentIds: Schema.optionalKey(Schema.NonEmptyArray(AgentId).check(Schema.isMaxLength(limits.agentIds))),
  /** True if the agent has MCP servers or sub-agents. */
  needsTools: Schema.optionalKey(Schema.Boolean),
  minMessageLength: Schema.optionalKey(length),
  maxMessageLength: Schema.optionalKey(length),
  /** The name ignores case; the value must match exactly. */
  header: Schema.optionalKey(
    Schema.Struct({
      name: HeaderName,
      value: Schema.String.check(Schema.isMaxLength(limits.headerValueLength)),
    }),
  ),
  languages: Schema.optionalKey(Schema.NonEmptyArray(Language).check(Schema.isMaxLength(limits.languages))),
}).check(
  Schema.makeFilter((when) => Object.keys(when).length > 0 || "Expected at least one condition"),
  Schema.makeFilter(({ maxMessageLength = Infinity, minMessageLength = 0 }: Lengths) =>
    minMessageLength <= maxMessageLength
      ? undefined
      : { path: ["maxMessageLength"], issue: "Expected at least minMessageLength" },
  ),
)

export const RolloutRule = Schema.Struct({
  name: Schema.String.check(Schema.isBetweenLength(1, limits.ruleNameLength)),
  when: RuleConditions,
  mode: ExecutionMode,
  /** Absent means true. */
  enabled: Schema.optionalKey(Schema.Boolean),
})
export type RolloutRule = typeof RolloutRule.Type

const repeatedNames = (rules: ReadonlyArray<{ readonly name: string }>) =>
  rules.flatMap(({ name }, index) =>
    rules.findIndex((rule) => rule.name === name) < index
      ? [{ path: [index, "name"], issue: "Expected a name that no rule before has" }]
      : [],
  )

const share = Schema.Finite.check(Schema.isBetween(limits.share))
const percentage = Schema.Finite.check(Schema.isBetween(limits.percentage))
const orgs = Schema.Array(OrgId).check(Schema.isMaxLength(limits.orgs), Schema.isUnique())

/**
 * The thresholds for leaving the runtime, set together. The window and the longest attempt are fixed at the start, so
 * only the environment sets them.
 */
const Thresholds = Schema.Struct({
  errorRate: share,
  timeoutRate: share,
  latencyRatio: share,
  minSamples: Schema.Int.check(Schema.isBetween(limits.minSamples)),
})

export const RolloutSettings = Schema.Struct({
  /** The mode of a turn without a matching rule. */
  defaultMode: ExecutionMode,
  /** The share of sessions on the runtime, if no other field decides. */
  percentage,
  enabledOrgs: orgs,
  /** Never on the runtime, not even when direct mode fails. */
  deniedOrgs: orgs,
  /** The first match decides. */
  rules: Schema.Array(RolloutRule).check(Schema.isMaxLength(limits.rules), Schema.makeFilter(repeatedNames)),
  /** The share of turns that also run in shadow in the other mode. */
  shadowPercentage: percentage,
  thresholds: Thresholds,
} satisfies Readonly<Record<RolloutField, unknown>>)
export type RolloutSettings = typeof RolloutSettings.Type

const { fields } = RolloutSettings

const orNull = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** An absent field stays unchanged; null returns it to the environment's value. */
export const RolloutPatch = Schema.Struct({
  defaultMode: orNull(fields.defaultMode),
  percentage: orNull(fields.percentage),
  enabledOrgs: orNull(fields.enabledOrgs),
  deniedOrgs: orNull(fields.deniedOrgs),
  rules: orNull(fields.rules),
  shadowPercentage: orNull(fields.shadowPercentage),
  thresholds: orNull(fields.thresholds),
})
export type RolloutPatch = typeof RolloutPatch.Type

const setBy = <S extends Schema.Constraint>(value: S) =>
  Schema.optionalKey(Schema.Struct({ value, by: Actor, at: Schema.Int }))

/** The fields that operators have set. `at` is epoch milliseconds. */
export const OperatorSettings = Schema.Struct({
  defaultMode: setBy(fields.defaultMode),
  percentage: setBy(fields.percentage),
  enabledOrgs: setBy(fields.enabledOrgs),
  deniedOrgs: setBy(fields.deniedOrgs),
  rules: setBy(fields.rules),
  shadowPercentage: setBy(fields.shadowPercentage),
  thresholds: setBy(fields.thresholds),
})
export type OperatorSettings = typeof OperatorSettings.Type

/** The source of a field's value. */
export const RolloutSource = Schema.Union([
  Schema.Struct({ from: Schema.Literals(["environment", "default"]) }),
  Schema.Struct({ from: Schema.Literal("operator"), by: Actor, at: Schema.Int }),
])
export type RolloutSource = typeof RolloutSource.Type

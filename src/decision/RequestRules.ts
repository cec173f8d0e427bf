/**
 * Evaluates one rule of the rollout for a turn. Pure. The result names the condition that failed, never the contents
 * of the request.
 */
import type { AgentSettings } from "../domain/Agent.ts"
import type { AttachmentKind } from "../domain/Attachment.ts"
import type { Cohort } from "../domain/Cohort.ts"
import type { AgentId, OrgId, SessionId } from "../domain/Ids.ts"
import type { ExecutionMode } from "../domain/Mode.ts"
import type { RolloutRule } from "../domain/RolloutSettings.ts"

/** Everything that a decision reads from a turn. */
export interface Request {
  readonly orgId: OrgId
  readonly sessionId: SessionId
  readonly agentId: AgentId
  /** The agent has MCP servers or sub-agents. */
  readonly needsTools: boolean
  /** UTF-16 code units. */
  readonly messageLength: number
  /** Headers that begin with `x-`, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The primary subtag of the first language that the caller accepts, in lower case. */
  readonly language: string | undefined
  /** The session's cohort from an earlier turn. */
  readonly cohort: Cohort | null
  /** The session has an interrupt that waits for an answer. */
  readonly awaitsAnswer: boolean
  /** The mode that the caller chose for another answer to a question. */
  readonly requested?: ExecutionMode | undefined
  /** The kinds of the files that the message brings. */
  readonly attachments: ReadonlyArray<AttachmentKind>
  /** The agent's place at the runtime, which selects the wire. */
  readonly runtime?: AgentSettings["runtime"]
}

type When = RolloutRule["when"]

/** A missing condition holds. */
const conditions: Readonly<Record<keyof When, (when: When, request: Request) => boolean>> = {
  agentIds: ({ agentIds }, { agentId }) => agentIds?.includes(agentId) ?? true,
  needsTools: (when, { needsTools }) => (when.needsTools ?? needsTools) === needsTools,
  minMessageLength: ({ minMessageLength = 0 }, { messageLength }) => messageLength >= minMessageLength,
  maxMessageLength: ({ maxMessageLength = Infinity }, { messageLength }) => messageLength <= maxMessageLength,
  header: ({ header }, { headers }) => header === undefined || headers[header.name] === header.value,
  languages: ({ languages }, { language }) =>
    languages === undefined || (language !== undefined && languages.includes(language)),
}

/** The first condition that does not hold; undefined when the rule matches. */
const failing = ({ when }: RolloutRule, request: Request): string | undefined =>
  Object.entries(conditions).find(([, holds]) => !holds(when, request))?.[0]

export const evaluate = (
  rule: RolloutRule,
  request: Request,
): { readonly matches: boolean; readonly result: string } => {
  if (rule.enabled === false) return { matches: false, result: "switched off" }
  const failed = failing(rule, request)
  return failed === undefined
    ? { matches: true, result: rule.mode }
    : { matches: false, result: `${failed} does not hold` }
}

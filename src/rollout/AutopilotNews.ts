/** The news in a change of the guarded rollout. Pure. */
import * as Actor from "../domain/Actor.ts"
import type { AutopilotState } from "../domain/Autopilot.ts"
import { type News, type NotificationKind, sentence } from "../domain/Notification.ts"

/** The operator's command behind the change. */
export interface Command {
  readonly by: Actor.Actor
  readonly reason: string | null
}

interface Draft {
  readonly kind: Extract<NotificationKind, `autopilot.${string}`>
  readonly severity: News["severity"]
  readonly main: string
  readonly reason: string | null
  /** A sentence after the reason. */
  readonly outlook?: string
}

interface Change {
  readonly before: AutopilotState
  readonly after: AutopilotState
  /** The operator. Undefined: the autopilot itself, or the name is unknown to this replica. */
  readonly operator: string | undefined
  /** The operator's own reason; null if there is none. */
  readonly given: string | null
}

const percent = ({ percentage }: AutopilotState): string => `${percentage} %`
const moves = ({ after, before }: Change): string => `from ${percent(before)} to ${percent(after)}`

const started = ({ after, given, operator = "An operator" }: Omit<Change, "before">): Draft => {
  const steps = after.plan.steps.map(({ percentage }) => percentage).join(", ")
  return {
    kind: "autopilot.started",
    severity: "info",
    main: `${operator} started the autopilot at ${percent(after)} (steps: ${steps} %)`,
    reason: given,
  }
}

/** The data of a step starts again: the percentage rises, falls, or an operator has resumed. */
const stepped = (change: Change): Draft => {
  const { after, before, given, operator = "An operator" } = change
  if (after.step > before.step && before.status === "awaiting_approval") {
    const main = `${operator} promoted the rollout ${moves(change)}`
    return { kind: "autopilot.promoted", severity: "info", main, reason: given }
  }
  if (after.step > before.step) {
    const main = `The autopilot raises the rollout ${moves(change)}`
    return { kind: "autopilot.step", severity: "info", main, reason: after.reason }
  }
  const main = `${operator} resumed the autopilot at ${percent(after)}`
  return { kind: "autopilot.resumed", severity: "info", main, reason: given }
}

const rolledBack = (change: Change): Draft => {
  const { after } = change
  const isSpent = after.setbacks > after.plan.retries
  const outlook =
    after.status === "rolled_back"
      ? "The autopilot has ended: repair the runtime, then start it again."
      : isSpent
        ? "It stays there until an operator resumes or aborts the autopilot."
        : "It tries again after the cool-down."
  return {
    kind: "autopilot.rolled_back",
    severity: "action",
    main: `The autopilot lowers the rollout ${moves(change)}`,
    reason: after.reason,
    outlook,
  }
}

const paused = ({ after, given, operator }: Change): Draft => ({
  kind: "autopilot.paused",
  severity: operator === undefined ? "action" : "info",
  main: `${operator ?? "The autopilot"} paused ${operator === undefined ? "itself" : "the autopilot"} at ${percent(after)}`,
  reason: operator === undefined ? after.reason : given,
})

/** News of the status that the change leads to. */
const arrived = (change: Change): ReadonlyArray<Draft> => {
  const { after, before, given, operator = "An operator" } = change
  if (after.status === before.status) return []
  switch (after.status) {
    case "paused":
      return [paused(change)]
    case "aborted": {
      const main = `${operator} aborted the autopilot: the rollout goes ${moves(change)}`
      return [{ kind: "autopilot.aborted", severity: "warning", main, reason: given }]
    }
    case "awaiting_approval": {
      const main = `The autopilot waits for an operator at ${percent(after)}`
      return [{ kind: "autopilot.awaiting_approval", severity: "action", main, reason: after.reason }]
    }
    case "completed": {
      const main = `The autopilot has completed its plan at ${percent(after)}`
      return [{ kind: "autopilot.completed", severity: "info", main, reason: null }]
    }
    default:
      return []
  }
}

const newsOf = (
  draft: Draft,
  { after, before, operator }: Partial<Change> & Pick<Change, "after" | "operator">,
): News => {
  const { kind, main, reason, severity, outlook } = draft
  return {
    kind,
    severity,
    orgId: null,
    by: operator ?? null,
    reason,
    text: [sentence(main, reason), ...(outlook === undefined ? [] : [outlook])].join(" "),
    data: {
      status: after.status,
      step: after.step,
      percentage: after.percentage,
      before: before?.percentage ?? after.before,
      setbacks: after.setbacks,
      startedAt: after.startedAt,
    },
  }
}

/** `before` undefined: there was no guarded rollout. Most changes are no news. */
export const between = (
  before: AutopilotState | undefined,
  after: AutopilotState,
  command?: Command,
): ReadonlyArray<News> => {
  const isOperator = command !== undefined && command.by.orgId !== null
  const operator = isOperator ? Actor.nameOf(command.by) : undefined
  const given = isOperator ? command.reason : null
  if (before === undefined || before.startedAt !== after.startedAt)
    return [newsOf(started({ after, operator, given }), { after, operator })]
  const change: Change = { before, after, operator, given }
  const isBack = after.setbacks > before.setbacks
  const isResumed = before.status === "paused" && after.status === "running"
  const isNewStep = isResumed || after.step !== before.step || after.since !== before.since
  const first = isBack ? [rolledBack(change)] : isNewStep ? [stepped(change)] : []
  return [...first, ...arrived(change)].map((draft) => newsOf(draft, change))
}

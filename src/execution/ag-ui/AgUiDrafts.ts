/**
 * Agent2UI drafts that an agent sends itself, as custom events named `agent2ui`. A valid one is passed on. Pure.
 *
 * Types that only the gateway makes are refused. The text of a failure may contain hosts, keys or SQL, so a sentence of the
 * gateway's replaces it.
 */
import * as Option from "effect/Option"
import type { Json } from "effect/Schema"
import { decodeDraft, draft, type Draft, type ValidDraft } from "../../protocol/agent2ui/Message.ts"

export const customName = "agent2ui"

const ownTypes: ReadonlySet<Draft["type"]> = new Set<Draft["type"]>(["fallback", "retract", "interrupt"])

const withoutFailureText = (own: ValidDraft): ValidDraft => {
  switch (own.type) {
    case "tool_call":
    case "mcp_call":
    case "tool_result":
    case "mcp_result":
      return own.data.error === undefined ? own : replaced(own, "The tool failed.")
    case "skill_call":
    case "skill_result":
      return own.data.error === undefined ? own : replaced(own, "The skill failed.")
    case "plan_step":
      return own.data.error === undefined ? own : replaced(own, "The step failed.")
    default:
      return own
  }
}

const replaced = (own: ValidDraft, error: string): ValidDraft =>
  Option.getOrElse(decodeDraft({ ...own, data: { ...own.data, error } }), () => draft(own))

export const draftOf = (value: Json): Option.Option<ValidDraft> =>
  decodeDraft(value).pipe(
    Option.filter(({ type }) => !ownTypes.has(type)),
    Option.map(withoutFailureText),
  )

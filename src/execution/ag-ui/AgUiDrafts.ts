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

const failureTexts: Partial<Record<Draft["type"], string>> = {
  tool_call: "The tool failed.",
  tool_result: "The tool failed.",
  mcp_call: "The MCP tool failed.",
  mcp_result: "The MCP tool failed.",
  skill_call: "The skill failed.",
  skill_result: "The skill failed.",
  plan_step: "The step failed.",
}

const withoutFailureText = (own: Draft): Option.Option<Draft> => {
  const error = failureTexts[own.type]
  return error === undefined || !("error" in own.data)
    ? Option.some(own)
    : decodeDraft({ ...own, data: { ...own.data, error } })
}

export const draftOf = (value: Json): Option.Option<ValidDraft> =>
  decodeDraft(value).pipe(
    Option.filter(({ type }) => !ownTypes.has(type)),
    Option.flatMap(withoutFailureText),
    Option.map(draft),
  )

/**
 * Agent2UI drafts that an agent sends itself, in a custom event of its protocol. A valid one is passed on. Pure.
 *
 * Types that only the gateway makes are refused, and types that carry an upstream's failure or address. The text of a failed
 * call may contain hosts, keys or SQL, so a sentence of the gateway replaces it.
 */
import * as Option from "effect/Option"
import { decodeDraft, draft, type Draft, type ValidDraft } from "../protocol/agent2ui/Message.ts"

const refused: ReadonlySet<Draft["type"]> = new Set<Draft["type"]>([
  "fallback",
  "retract",
  "interrupt",
  "error",
  "file",
])

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

export const draftOf = (value: unknown): Option.Option<ValidDraft> =>
  decodeDraft(value).pipe(
    Option.filter(({ type }) => !refused.has(type)),
    Option.flatMap(withoutFailureText),
    Option.map(draft),
  )

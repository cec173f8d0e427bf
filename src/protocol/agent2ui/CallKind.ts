/** The name and the kind of a call, for protocols that know only tools. Pure. */
import type { Message } from "./Message.ts"

type Of<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>
export type Call = Of<"tool_call" | "skill_call" | "mcp_call">
export type Result = Of<"tool_result" | "skill_result" | "mcp_result">

export const nameOf = ({ data }: Call | Result): string =>
  "skillName" in data ? data.skillName : data.toolName

export const kindOf = ({ data, metadata }: Call | Result) => ({
  ...("skillId" in data
    ? { kind: "skill", skillId: data.skillId }
    : "serverId" in data
      ? { kind: "mcp", serverId: data.serverId }
      : { kind: "tool" }),
  ...(metadata?.stepId === undefined ? {} : { stepId: metadata.stepId }),
})

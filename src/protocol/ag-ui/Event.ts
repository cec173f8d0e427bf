/** The events of AG-UI 1.0 that the gateway sends. A client removes any other field with a warning, so none has one. */
import type * as Schema from "effect/Schema"

export const protocolVersion = "1.0"

/** Data of the gateway under the one key that it uses. Events and messages carry it unchanged. */
export interface Own {
  readonly metadata?: { readonly agent2ui: unknown }
}

/** `subagentRunId` attributes an event to a sub-agent. */
interface Attributed {
  readonly subagentRunId?: string
}

export interface Interrupt extends Own {
  readonly id: string
  readonly reason: string
  readonly message?: string
  readonly toolCallId?: string
  readonly responseSchema?: { readonly [key: string]: Schema.Json }
  readonly expiresAt?: string
}

export type Outcome =
  | { readonly type: "success" | "cancelled" }
  | { readonly type: "interrupt"; readonly interrupts: ReadonlyArray<Interrupt> }

interface TokenUsage {
  readonly model?: string
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly totalTokens: number
}

/** A message of a snapshot: one of the client's own, or one of the run. */
export type Message = { readonly id: string; readonly role: string } & { readonly [key: string]: unknown }

type Text =
  | { readonly type: "TEXT_MESSAGE_START"; readonly messageId: string; readonly role: "assistant" }
  | { readonly type: "TEXT_MESSAGE_CONTENT"; readonly messageId: string; readonly delta: string }
  | { readonly type: "TEXT_MESSAGE_END"; readonly messageId: string }

type Reasoning = Attributed &
  (
    | {
        readonly type: "REASONING_START" | "REASONING_MESSAGE_END" | "REASONING_END"
        readonly messageId: string
      }
    | { readonly type: "REASONING_MESSAGE_START"; readonly messageId: string; readonly role: "reasoning" }
    | { readonly type: "REASONING_MESSAGE_CONTENT"; readonly messageId: string; readonly delta: string }
  )

export type ToolCallStart = Own & {
  readonly type: "TOOL_CALL_START"
  readonly toolCallId: string
  readonly toolCallName: string
}
export type ToolCallResult = Own & {
  readonly type: "TOOL_CALL_RESULT"
  readonly messageId: string
  readonly toolCallId: string
  readonly content: string
  readonly role: "tool"
}
type ToolCall =
  | ToolCallStart
  | { readonly type: "TOOL_CALL_ARGS"; readonly toolCallId: string; readonly delta: string }
  | { readonly type: "TOOL_CALL_END"; readonly toolCallId: string }
  | ToolCallResult

type Subagent =
  | {
      readonly type: "SUBAGENT_STARTED"
      readonly subagentRunId: string
      readonly name: string
      readonly parentToolCallId: string
    }
  | {
      readonly type: "SUBAGENT_FINISHED"
      readonly subagentRunId: string
      readonly outcome?: { readonly type: "suspended" }
    }
  | { readonly type: "SUBAGENT_ERROR"; readonly subagentRunId: string; readonly message: string }

type Progress =
  | (Own & { readonly type: "STEP_STARTED" | "STEP_FINISHED"; readonly stepName: string })
  | {
      readonly type: "ACTIVITY_SNAPSHOT"
      readonly messageId: string
      readonly activityType: string
      readonly content: object
    }

type Lifecycle = Own &
  (
    | {
        readonly type: "RUN_STARTED"
        readonly threadId: string
        readonly runId: string
        readonly parentRunId?: string
        readonly protocolVersion: typeof protocolVersion
        readonly timestamp: number
      }
    | {
        readonly type: "RUN_FINISHED"
        readonly threadId: string
        readonly runId: string
        readonly outcome: Outcome
        readonly result?: unknown
        readonly usage?: ReadonlyArray<TokenUsage>
      }
    | { readonly type: "RUN_ERROR"; readonly message: string; readonly code: string }
  )

export type Event =
  | Lifecycle
  | Progress
  | Reasoning
  | Subagent
  | Text
  | ToolCall
  | { readonly type: "MESSAGES_SNAPSHOT"; readonly messages: ReadonlyArray<Message> }
  | { readonly type: "CUSTOM"; readonly name: "agent2ui"; readonly value: unknown }

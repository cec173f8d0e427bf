/**
 * The chunks of the AI SDK UI message stream (package `ai`, version 7) that the gateway writes. The package's own
 * `uiMessageChunkSchema` checks them in the tests.
 */
import type * as Schema from "effect/Schema"
import type { Interrupt } from "../../domain/Interrupt.ts"

type Json = Schema.Json
/** Facts without a field in the protocol, under the gateway's own name. */
export type ProviderMetadata = { readonly crossfade: { readonly [key: string]: Json } }

interface BlockStart {
  readonly type: "text-start" | "reasoning-start"
  readonly id: string
  readonly providerMetadata?: ProviderMetadata
}

interface BlockDelta {
  readonly type: "text-delta" | "reasoning-delta"
  readonly id: string
  readonly delta: string
}

interface ToolInput {
  readonly type: "tool-input-available"
  readonly toolCallId: string
  readonly toolName: string
  readonly input: Json
  readonly providerExecuted: true
  readonly dynamic: true
  readonly toolMetadata?: { readonly [key: string]: Json }
}

interface File {
  readonly type: "file"
  readonly url: string
  readonly mediaType: string
  readonly providerMetadata: ProviderMetadata
}

/** A part with the same type and id replaces its data. A transient part reaches `onData` only. */
export interface Data {
  readonly type: `data-${string}`
  readonly id?: string
  readonly data: unknown
  readonly transient?: true
}

export type Chunk =
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata: unknown }
  | { readonly type: "start-step" | "finish-step" | "reset-step" }
  | BlockStart
  | BlockDelta
  | { readonly type: "text-end" | "reasoning-end"; readonly id: string }
  | ToolInput
  | {
      readonly type: "tool-output-available"
      readonly toolCallId: string
      readonly output: Json
      readonly providerExecuted: true
      readonly dynamic: true
    }
  | {
      readonly type: "tool-output-error"
      readonly toolCallId: string
      readonly errorText: string
      readonly providerExecuted: true
      readonly dynamic: true
    }
  | {
      readonly type: "tool-approval-request"
      readonly approvalId: string
      readonly toolCallId: string
      readonly reason: string
      readonly approvalDescriptor: Interrupt
    }
  | { readonly type: "tool-output-denied"; readonly toolCallId: string }
  | File
  | Data
  | { readonly type: "finish"; readonly finishReason: string; readonly messageMetadata: unknown }
  | { readonly type: "abort"; readonly reason: string }
  | { readonly type: "error"; readonly errorText: string }

/** The settings of the runtime, and the place of one agent there. Pure. */
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Agent } from "../domain/Agent.ts"
import type { AttachmentKind } from "../domain/Attachment.ts"
import type { ErrorPattern } from "../domain/RuntimeErrorText.ts"
import type { RuntimeProtocol } from "../domain/RuntimeProtocol.ts"
import type { ExecutionError } from "./ExecutionError.ts"
import type { ExecutionEvent, RunsOn, Turn } from "./Executor.ts"
import type { UpstreamHttp } from "./UpstreamHttp.ts"

export interface RuntimeSettings {
  /** The wire of agents that set none. */
  readonly protocol: RuntimeProtocol
  /** `RUNTIME_SERVICE_URL`. Its last slash matters only to the AG-UI wire, whose requests go to this very address. */
  readonly baseUrl: string
  /** Sent with each request, names in lower case. */
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  /** `RUNTIME_AGENT`; empty: the wire's default. */
  readonly agent: string
  /** The messages that the AG-UI wire sends: the whole branch, or only the current one. */
  readonly history: "full" | "last"
  /** Answers that report a failure of the runtime. */
  readonly errorPatterns: ReadonlyArray<ErrorPattern>
  /** The kinds of files that the runtime understands. */
  readonly attachments: ReadonlyArray<AttachmentKind>
  /** `PUBLIC_URL` is set, so that the runtime can fetch files. The agent2ui wire needs it. */
  readonly linksFiles: boolean
}

/** The place of a turn's agent at the runtime. */
export interface Endpoint {
  /** Without a last slash, except in the AG-UI wire. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly agent: string
}

/** One wire. `execute` keeps the contract of `Executor`. */
export interface RuntimeWire {
  readonly execute: (turn: Turn, endpoint: Endpoint) => Stream.Stream<ExecutionEvent, ExecutionError>
}

export type MakeWire = (
  settings: RuntimeSettings,
) => Effect.Effect<RuntimeWire, never, Scope.Scope | UpstreamHttp>

export const protocolOf = (settings: RuntimeSettings, agent: RunsOn): RuntimeProtocol =>
  agent.settings.runtime?.protocol ?? settings.protocol

export const withoutSlash = (url: string): string => url.replace(/\/+$/, "")

export const plainHeaders = (headers: RuntimeSettings["headers"]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)]))

export const endpointOf = (settings: RuntimeSettings, agent: Agent): Endpoint => {
  const { runtime } = agent.settings
  const url = runtime?.path === undefined ? settings.baseUrl : new URL(runtime.path, settings.baseUrl).href
  return {
    url: protocolOf(settings, agent) === "ag-ui" ? url : withoutSlash(url),
    headers: plainHeaders(settings.headers),
    agent: runtime?.agent ?? settings.agent,
  }
}

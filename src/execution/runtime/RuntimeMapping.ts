/**
 * From the runtime's events to what an executor says: a pure fold. The state is what the runtime's wire leaves out and
 * Agent2UI wants: which call a result belongs to, which plan step is running, whether any text has come.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type Draft, type Metadata, ThinkingStage } from "../../agent2ui/Message.ts"
import type { RunId } from "../../domain/Ids.ts"
import { type ExecutionError, UpstreamCancelled, UpstreamFailed } from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import type { RuntimeEvent } from "./RuntimeWire.ts"

export interface State {
  readonly runId: RunId
  readonly stepId: string | undefined
  readonly calls: number
  /** Calls without a result, oldest first. */
  readonly open: ReadonlyArray<{ readonly key: string; readonly callId: string }>
  readonly hasText: boolean
}

export const initial = (runId: RunId): State => ({
  runId,
  stepId: undefined,
  calls: 0,
  open: [],
  hasText: false,
})

export type Mapped =
  | { readonly _tag: "Events"; readonly state: State; readonly events: ReadonlyArray<ExecutionEvent> }
  | { readonly _tag: "Failed"; readonly error: ExecutionError }

const say = (state: State, draft: Draft): Mapped => ({
  _tag: "Events",
  state,
  events: [{ _tag: "Message", draft }],
})

/** Drops what the runtime left out or set to null, as the protocol's optional fields are absent, never null. */
const present = <A extends Record<string, unknown>>(fields: A) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    readonly [K in keyof A]?: NonNullable<A[K]>
  }

const nowhere = {}

const place = (state: State, callId?: string): { readonly metadata?: Metadata } =>
  callId === undefined && state.stepId === undefined
    ? nowhere
    : { metadata: present({ callId, stepId: state.stepId }) }

const isStage = Schema.is(ThinkingStage)

type Call = Extract<RuntimeEvent, { readonly event: `${string}_call_${string}` }>

const callKey = ({ data, event }: Call): string =>
  `${event.split("_")[0]}:${"server_id" in data ? data.server_id : ""}:${"skill_id" in data ? data.skill_id : data.tool_name}`

const subject = ({ data }: Call) => {
  if ("skill_id" in data) return { skillId: data.skill_id, skillName: data.skill_name }
  if ("server_id" in data) return { serverId: data.server_id, toolName: data.tool_name }
  return { toolName: data.tool_name }
}

/** Agent2UI wants arguments by name; what has none is called `value`. */
const named = (args: Schema.Json) =>
  Predicate.isReadonlyObject(args) && !Array.isArray(args) ? args : { value: args }

const callStarted = (state: State, event: Extract<Call, { readonly event: `${string}_start` }>): Mapped => {
  const callId = `call-${state.calls + 1}`
  const next = { ...state, calls: state.calls + 1, open: [...state.open, { key: callKey(event), callId }] }
  const type = event.event.slice(0, -"_start".length) as "tool_call" | "skill_call" | "mcp_call"
  const data = { ...subject(event), arguments: named(event.data.arguments ?? {}), status: "calling" }
  return say(next, { type, data, ...place(state, callId) } as Draft)
}

/** A result goes to the oldest open call of the same name; one that nobody asked for has no `callId`. */
const callCompleted = (
  state: State,
  event: Extract<Call, { readonly event: `${string}_complete` }>,
): Mapped => {
  const key = callKey(event)
  const call = state.open.find((open) => open.key === key)
  const next = { ...state, open: state.open.filter((open) => open !== call) }
  const type = event.event.replace("_call_complete", "_result") as
    | "tool_result"
    | "skill_result"
    | "mcp_result"
  const { duration, error, result, success } = event.data
  const data = { ...subject(event), result: result ?? null, success, ...present({ error, duration }) }
  return say(next, { type, data, ...place(state, call?.callId) } as Draft)
}

type Step = Extract<RuntimeEvent, { readonly event: `plan_step_${string}` }>

const stepMoved = (state: State, event: Step): Mapped => {
  const { step_id: stepId, title } = event.data
  const draft = (data: object): Draft =>
    ({ type: "plan_step", data: { stepId, title, ...data }, metadata: { stepId } }) as Draft
  switch (event.event) {
    case "plan_step_start":
      return say(
        { ...state, stepId },
        draft({ status: "running", ...present({ tool: event.data.tool, params: event.data.params }) }),
      )
    case "plan_step_complete":
      return say(
        { ...state, stepId: undefined },
        draft({
          status: "completed",
          ...present({ result: event.data.result, durationMs: event.data.duration_ms }),
        }),
      )
    case "plan_step_failed":
      return say(
        { ...state, stepId: undefined },
        draft({ status: "failed", ...present({ error: event.data.error }) }),
      )
  }
}

const completed = (state: State, finalResponse: string): Mapped => {
  const finished: ExecutionEvent = { _tag: "Finished", usage: undefined }
  const events: ReadonlyArray<ExecutionEvent> =
    state.hasText || finalResponse === ""
      ? [finished]
      : [{ _tag: "Message", draft: { type: "text", data: { content: finalResponse } } }, finished]
  return { _tag: "Events", state, events }
}

const failed = ({
  code,
  details,
  error,
  httpStatus,
  traceId,
}: Extract<RuntimeEvent, { event: "execution_error" }>["data"]): Mapped => ({
  _tag: "Failed",
  error:
    code === "EXECUTION_CANCELLED"
      ? new UpstreamCancelled({ upstream: "runtime" })
      : new UpstreamFailed({
          upstream: "runtime",
          code: code ?? "",
          message: error,
          ...present({ httpStatus, details, traceId }),
        }),
})

/** Where the gateway serves a runtime's file. The runtime's own address never leaves the gateway. */
export const fileUrl = (runId: RunId, fileId: string): string =>
  // Half a surrogate pair, which `encodeURIComponent` throws at, becomes a replacement character.
  `/api/v1/chat/runs/${runId}/files/${encodeURIComponent(fileId.toWellFormed())}`

const fileCreated = (
  state: State,
  data: Extract<RuntimeEvent, { event: "file_created" }>["data"],
): Mapped => ({
  _tag: "Events",
  state,
  events: [
    {
      _tag: "Message",
      draft: {
        type: "file",
        data: {
          url: fileUrl(state.runId, data.file_id),
          filename: data.filename,
          mimeType: data.mime_type,
          ...present({ size: data.size }),
        },
        ...place(state),
      },
      file: { fileId: data.file_id, path: data.url, filename: data.filename, mimeType: data.mime_type },
    },
  ],
})

export const next = (state: State, event: RuntimeEvent): Mapped => {
  switch (event.event) {
    case "text_chunk":
      // An empty chunk shows nothing: it must neither commit the answer nor stand in for it.
      if (event.data.content === "") return { _tag: "Events", state, events: [] }
      return say(state.hasText ? state : { ...state, hasText: true }, {
        type: "text",
        data: { content: event.data.content },
        ...place(state),
      })
    case "thinking": {
      const stage = Option.liftPredicate(isStage)(event.data.stage)
      return say(state, {
        type: "thinking",
        data: { content: event.data.content, ...(Option.isSome(stage) ? { stage: stage.value } : {}) },
        ...place(state),
      })
    }
    case "plan_created": {
      const steps = event.data.steps.map(({ id, title }) => ({ id, title, status: "pending" as const }))
      return say(state, { type: "plan", data: { steps, currentStep: "" } })
    }
    case "plan_step_start":
    case "plan_step_complete":
    case "plan_step_failed":
      return stepMoved(state, event)
    case "tool_call_start":
    case "skill_call_start":
    case "mcp_call_start":
      return callStarted(state, event)
    case "tool_call_complete":
    case "skill_call_complete":
    case "mcp_call_complete":
      return callCompleted(state, event)
    case "file_created":
      return fileCreated(state, event.data)
    case "execution_complete":
      return completed(state, event.data.final_response ?? "")
    case "execution_error":
      return failed(event.data)
    case "ping":
      return { _tag: "Events", state, events: [] }
  }
}

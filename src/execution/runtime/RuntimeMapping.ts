/**
 * Maps the runtime's events to an executor's events: a pure fold. The state holds the facts that the runtime's wire
 * leaves out and Agent2UI needs: the call of a result, the running plan step, and the running sub-agent.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import {
  draft,
  type Draft,
  textDraft,
  ThinkingStage,
  type ValidDraft,
} from "../../protocol/agent2ui/Message.ts"
import type { RunId } from "../../domain/Ids.ts"
import { type ExecutionError, UpstreamCancelled, UpstreamFailed } from "../ExecutionError.ts"
import type { ExecutionEvent } from "../Executor.ts"
import * as RuntimeCalls from "./RuntimeCalls.ts"
import { metadataOf, present } from "./RuntimeCalls.ts"
import { publicFileId } from "./RuntimeFileId.ts"
import type { RuntimeEvent } from "./RuntimeWire.ts"

export interface State {
  readonly runId: RunId
  readonly stepId: string | undefined
  readonly calls: RuntimeCalls.Calls
}

export const initial = (runId: RunId): State => ({ runId, stepId: undefined, calls: RuntimeCalls.none })

/** `error` follows `events` and ends the attempt. */
interface Mapped {
  readonly state: State
  readonly events: ReadonlyArray<ExecutionEvent>
  readonly error?: ExecutionError
}

const nothing: ReadonlyArray<ExecutionEvent> = []

const emit = (state: State, draft: ValidDraft): Mapped => ({ state, events: [{ _tag: "Message", draft }] })

const emitStep = (state: State, { calls, draft }: RuntimeCalls.Step): Mapped => {
  const next = calls === state.calls ? state : { ...state, calls }
  return draft === undefined ? { state: next, events: nothing } : emit(next, draft)
}

const isStage = Schema.is(ThinkingStage)

/** The result that still waits for its call at the end. */
export const pendingResult = ({ calls }: State): ReadonlyArray<ExecutionEvent> => {
  const draft = RuntimeCalls.pendingResult(calls)
  return draft === undefined ? nothing : [{ _tag: "Message", draft }]
}

export const unreadableCall = (state: State): Mapped => emitStep(state, RuntimeCalls.unreadable(state.calls))

type Step = Extract<RuntimeEvent, { readonly event: `plan_step_${string}` }>
type StepData = Extract<Draft, { readonly type: "plan_step" }>["data"]

const stepMoved = (state: State, event: Step): Mapped => {
  const { step_id: stepId, title } = event.data
  const planStep = (data: Omit<StepData, "stepId" | "title">): ValidDraft =>
    draft({ type: "plan_step", data: { stepId, title, ...data }, metadata: { stepId } })
  const ended = state.stepId === stepId ? { ...state, stepId: undefined } : state
  switch (event.event) {
    case "plan_step_start":
      return emit(
        { ...state, stepId, calls: RuntimeCalls.stepStarted(state.calls, stepId) },
        planStep({ status: "running", ...present({ tool: event.data.tool, params: event.data.params }) }),
      )
    case "plan_step_complete":
      return emit(
        ended,
        planStep({
          status: "completed",
          ...present({ result: event.data.result, durationMs: event.data.duration_ms }),
        }),
      )
    case "plan_step_failed":
      // The runtime's own text may contain hosts, keys or SQL.
      return emit(ended, planStep({ status: "failed", error: "The step failed." }))
  }
}

const failed = ({
  code,
  details,
  error,
  httpStatus,
  traceId,
}: Extract<RuntimeEvent, { event: "execution_error" }>["data"]): ExecutionError =>
  code === "EXECUTION_CANCELLED"
    ? new UpstreamCancelled({ upstream: "runtime" })
    : new UpstreamFailed({
        upstream: "runtime",
        code: code ?? "",
        message: error,
        ...present({ httpStatus, details, traceId }),
      })

/** The gateway's address of a runtime's file. Readers never see the runtime's own address. */
export const fileUrl = (runId: RunId, fileId: string): string =>
  `/api/v1/chat/runs/${runId}/files/${encodeURIComponent(fileId)}`

const fileCreated = (
  state: State,
  data: Extract<RuntimeEvent, { event: "file_created" }>["data"],
): Mapped => {
  const fileId = publicFileId(data.file_id)
  return {
    state,
    events: [
      {
        _tag: "Message",
        draft: draft({
          type: "file",
          data: {
            url: fileUrl(state.runId, fileId),
            filename: data.filename,
            mimeType: data.mime_type,
            ...present({ size: data.size }),
          },
          ...metadataOf(state.stepId),
        }),
        file: { fileId, path: data.url, filename: data.filename, mimeType: data.mime_type },
      },
    ],
  }
}

const thinking = (state: State, content: string, stage: string | null | undefined): Mapped =>
  emit(
    state,
    draft({
      type: "thinking",
      data: { content, ...present({ stage: Option.getOrUndefined(Option.liftPredicate(isStage)(stage)) }) },
      ...metadataOf(state.stepId, state.calls.subAgent),
    }),
  )

const textSaid = (state: State, content: string): Mapped => {
  // An empty chunk shows nothing, so it must neither commit the answer nor count as one.
  if (content === "") return { state, events: nothing }
  if (state.calls.subAgent !== undefined) return thinking(state, content, undefined)
  return emit(state, textDraft(content, metadataOf(state.stepId).metadata))
}

/** `execution_complete` produces nothing here: `RuntimeAnswer` compares its `final_response` with the whole answer. */
const mapped = (state: State, event: RuntimeEvent): Mapped => {
  switch (event.event) {
    case "text_chunk":
      return textSaid(state, event.data.content)
    case "thinking":
      return thinking(state, event.data.content, event.data.stage)
    case "plan_created": {
      const steps = event.data.steps.map(({ id, title }) => ({ id, title, status: "pending" as const }))
      const next = { ...state, stepId: undefined, calls: RuntimeCalls.planned(state.calls) }
      return emit(
        next,
        draft({
          type: "plan",
          data: { steps, currentStep: "" },
          ...metadataOf(undefined, next.calls.subAgent),
        }),
      )
    }
    case "plan_step_start":
    case "plan_step_complete":
    case "plan_step_failed":
      return stepMoved(state, event)
    case "tool_call_start":
    case "skill_call_start":
    case "mcp_call_start":
      return emitStep(state, RuntimeCalls.started(state.calls, event, state.stepId))
    case "tool_call_complete":
    case "skill_call_complete":
    case "mcp_call_complete":
      return emitStep(state, RuntimeCalls.completed(state.calls, event))
    case "file_created":
      return fileCreated(state, event.data)
    case "execution_error":
      return { state, events: nothing, error: failed(event.data) }
    case "execution_complete":
    case "ping":
      return { state, events: nothing }
  }
}

/** The end of a step identifies the call of the result before it. */
const endedStep = (event: RuntimeEvent): string | undefined =>
  event.event === "plan_step_complete" || event.event === "plan_step_failed" ? event.data.step_id : undefined

export const next = (state: State, event: RuntimeEvent): Mapped => {
  const { waiting } = state.calls
  if (waiting === undefined || event.event === "ping") return mapped(state, event)
  const before = emitStep(state, RuntimeCalls.pairResult(state.calls, waiting, endedStep(event)))
  const after = mapped(before.state, event)
  return { ...after, events: [...before.events, ...after.events] }
}

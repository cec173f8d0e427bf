/** Random drafts of all types that concern each other: few ids, so that steps, calls, retracts and bars meet. */
import * as Schema from "effect/Schema"
import { type Draft, Message } from "../../src/protocol/agent2ui/Message.ts"
import { readable } from "../protocol/agent2ui/messages.ts"
import { runId } from "../support/fixtures.ts"

const small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

const often = Schema.Literals(["text", "text", "markdown", "thinking", "plan", "plan_step", "retract", "any"])

export const Choice = Schema.Struct({ kind: often, message: Message, a: small, b: small, c: small })
export type Choice = typeof Choice.Type

const statuses = ["pending", "running", "completed", "failed", "skipped", "running"] as const
const stages = ["reasoning", "analyzing", "planning"] as const

const stepOf = (id: number, status: number) => ({
  id: `s${id}`,
  title: `Step ${id}`,
  status: statuses[status] ?? "pending",
})

/** A plan of different steps, one of them with a step inside. */
const planOf = ({ a, b, c }: Choice): Draft => ({
  type: "plan",
  data: {
    steps: [
      { ...stepOf(a, b), substeps: [stepOf(a + 6, c)] },
      ...[0, 1, 2, 3].filter((id) => id !== a && id <= b).map((id) => stepOf(id, (c + id) % 6)),
    ],
    currentStep: c < 3 ? `s${c}` : "",
    ...(b === 0 ? { progress: c } : {}),
  },
})

const planStepOf = ({ a, b, c }: Choice): Draft => ({
  type: "plan_step",
  data: {
    stepId: `s${c === 5 ? a + 6 : a}`,
    title: `Step ${a}`,
    status: statuses[b] ?? "pending",
    ...(c === 0 ? { tool: `t${b}` } : {}),
    ...(c === 1 ? { result: b } : {}),
    ...(c === 2 ? { params: { b }, durationMs: b } : {}),
    ...(c === 3 ? { error: `e${b}` } : {}),
  },
})

/** Some plans have a name, and some are those of a sub-agent. */
const ofPlan = (draft: Draft, { message, a, c }: Choice): Draft => {
  const isNamed = message.id.length % 3 === 0
  const metadata = {
    ...(isNamed ? { planId: `p${a % 2}` } : {}),
    ...(c === 4 ? { callId: `c${a}` } : {}),
  }
  return Object.keys(metadata).length === 0 ? draft : ({ ...draft, metadata } as Draft)
}

const placed = (draft: Draft, { a, b }: Choice): Draft => {
  const metadata = {
    ...(a < 2 ? { callId: `c${a}` } : {}),
    ...(b < 2 ? { stepId: `s${b}` } : {}),
  }
  return Object.keys(metadata).length === 0 ? draft : ({ ...draft, metadata } as Draft)
}

const near = (draft: Draft, { a, b }: Choice): Draft => {
  const data = { ...draft.data } as Record<string, unknown>
  if ("sandboxId" in data) data["sandboxId"] = `x${a % 2}`
  if ("toolName" in data) data["toolName"] = `t${a % 2}`
  if ("skillName" in data) data["skillName"] = `t${a % 2}`
  if (draft.type === "progress") {
    if (b < 2) data["label"] = `p${b}`
    else delete data["label"]
  }
  return { type: draft.type, data } as Draft
}

/** The draft of event `seq`. */
export const draftAt = (choice: Choice, seq: number): Draft => {
  const { a, b, c, kind, message } = choice
  switch (kind) {
    case "text":
    case "markdown":
      return placed({ type: kind, data: { content: `${kind}${seq} ` } }, choice)
    case "thinking": {
      const stage = stages[c]
      return placed(
        { type: kind, data: { content: `${seq} `, ...(stage === undefined ? {} : { stage }) } },
        choice,
      )
    }
    case "plan":
      return ofPlan(planOf(choice), choice)
    case "plan_step":
      return ofPlan(planStepOf(choice), choice)
    case "retract": {
      const toSeq = Math.max(1, seq - 1 - b)
      return { type: kind, data: { runId, fromSeq: Math.max(1, toSeq - a), toSeq, reason: "r" } }
    }
    case "any": {
      const { data, type } = readable(message) as Message
      if (type === "plan") return planOf(choice)
      if (type === "plan_step") return planStepOf(choice)
      if (type === "retract") return draftAt({ ...choice, kind: "retract" }, seq)
      return placed(near({ data, type } as Draft, choice), choice)
    }
  }
}

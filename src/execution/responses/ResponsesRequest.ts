/** Builds the request of the Responses wire from a turn. Pure. */
import type * as Schema from "effect/Schema"
import type { InterruptAnswer } from "../../domain/Interrupt.ts"
import type { Turn } from "../Executor.ts"
import { responsesMessage } from "../files/PromptContent.ts"
import type { Endpoint } from "../RuntimeSettings.ts"
import { typeOf } from "./ResponsesItems.ts"
import * as ResponsesRecord from "./ResponsesRecord.ts"

type Item = Readonly<Record<string, Schema.Json>>
/** Some servers read only a text, so a lone message is a text. */
type Input = string | ReadonlyArray<Item>

interface Request {
  readonly body: object
  /** The request without the id of the previous response, for a server that does not know the id any more. */
  readonly whole: object | undefined
}

/** An answer to an approval without a decision. */
export const noDecision = "answers.payload.approve is not true or false"

const approvalOf = (payload: Schema.Json): boolean | undefined => {
  if (typeof payload === "boolean") return payload
  const fields = payload === null || typeof payload !== "object" ? {} : payload
  const given = "approve" in fields ? fields.approve : "approved" in fields ? fields.approved : undefined
  return typeof given === "boolean" ? given : undefined
}

const reasonIn = (payload: Schema.Json): { readonly reason?: string } =>
  payload !== null && typeof payload === "object" && "reason" in payload && typeof payload.reason === "string"
    ? { reason: payload.reason }
    : {}

/** Outputs of these calls are texts. Those of other calls have the form that the client gives. */
const textOutputs = new Set(["function_call", "custom_tool_call"])

const idOf = (item: Item): Schema.Json | undefined => item["call_id"] ?? item["id"]

const answerItem = (call: Item, { interruptId, payload }: InterruptAnswer): Item | undefined => {
  const type = typeOf(call)
  if (type !== "mcp_approval_request") {
    const isText = textOutputs.has(type) && typeof payload !== "string"
    return {
      type: `${type}_output`,
      call_id: interruptId,
      output: isText ? JSON.stringify(payload) : payload,
    }
  }
  const approve = approvalOf(payload)
  return approve === undefined
    ? undefined
    : { type: "mcp_approval_response", approval_request_id: interruptId, approve, ...reasonIn(payload) }
}

/** The answer of the gateway where the user gave none. */
const refusalItem = (call: Item): Item => {
  const id = idOf(call) ?? ""
  return typeOf(call) === "mcp_approval_request"
    ? { type: "mcp_approval_response", approval_request_id: id, approve: false }
    : { type: `${typeOf(call)}_output`, call_id: id, output: "The user did not answer." }
}

const isWaitingFor = (interruptId: string) => (item: Item) => idOf(item) === interruptId

const inputOf = (items: ReadonlyArray<Item>): Input => {
  const [only] = items
  return items.length === 1 && only?.["role"] === "user" && typeof only["content"] === "string"
    ? only["content"]
    : items
}

const messagesOf = ({ files, history }: Turn): ReadonlyArray<Item> =>
  history.map((message) => responsesMessage(files, message))

/** Outside of a user's session: the server shall keep nothing of it. */
const isTransient = ({ probe, shadow }: Turn): boolean => probe || shadow

const shared = (turn: Turn, { agent }: Endpoint) => {
  const { maxTokens, model = "", systemPrompt, temperature } = turn.agent.settings
  const name = agent === "" ? model : agent
  return {
    ...(name === "" ? {} : { model: name }),
    ...(systemPrompt === "" ? {} : { instructions: systemPrompt.toWellFormed() }),
    stream: true,
    store: !isTransient(turn),
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    metadata: {
      session_id: isTransient(turn) ? turn.runId : turn.sessionId,
      run_id: turn.runId,
      user_id: turn.userId,
      org_id: turn.orgId,
      ...(turn.shadow ? { shadow: "true" } : {}),
      ...(turn.probe ? { probe: "true" } : {}),
    },
  }
}

/**
 * The request of a turn. With answers to interrupts, the input is their outputs. A plain message while interrupts wait
 * drops them: the request then has the whole conversation as texts, because a server that waits for an output refuses
 * anything else. Undefined: an answer to an approval is no decision.
 */
export const make = (turn: Turn, endpoint: Endpoint): Request | undefined => {
  const { resume } = turn
  const fields = shared(turn, endpoint)
  const previous = isTransient(turn) ? undefined : ResponsesRecord.previousOf(turn)
  const conversation = messagesOf(turn)
  const outputs =
    resume?.answers === undefined ? undefined : outputsOf(previous?.waiting ?? [], resume.answers)
  if (outputs === "no decision") return undefined
  const whole = {
    ...fields,
    input: inputOf(
      outputs === undefined
        ? conversation
        : [...conversation.slice(0, -1), ...(previous?.waiting ?? []), ...outputs],
    ),
  }
  const isDropped = resume !== undefined && outputs === undefined
  if (previous?.responseId === undefined || isDropped) return { body: whole, whole: undefined }
  const input = inputOf(outputs ?? conversation.slice(-1))
  return { body: { ...fields, previous_response_id: previous.responseId, input }, whole }
}

/** The server refuses a request that leaves one of its items without an answer. */
const outputsOf = (
  waiting: ReadonlyArray<Item>,
  answers: ReadonlyArray<InterruptAnswer>,
): ReadonlyArray<Item> | "no decision" => {
  const given = answers.filter(({ cancelled }) => cancelled !== true)
  const isGiven = (item: Item) => given.some(({ interruptId }) => interruptId === idOf(item))
  const items = [
    ...waiting.filter((item) => !isGiven(item)).map(refusalItem),
    ...given.map((answer) =>
      answerItem(waiting.find(isWaitingFor(answer.interruptId)) ?? { type: "function_call" }, answer),
    ),
  ]
  return items.every((item) => item !== undefined) ? items : "no decision"
}

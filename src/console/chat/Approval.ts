/** The forms of an answer to an interrupt: approve or deny, one of several values, or a text. Pure. */
import type { pendingInterrupts } from "../../client/Conversation.ts"
import type { InterruptAnswer } from "../../client/Contract.ts"

export type Interrupt = ReturnType<typeof pendingInterrupts>[number]
type Payload = InterruptAnswer["payload"]

export interface Approval {
  readonly approve: Payload
  readonly deny: Payload
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isBoolean = (schema: unknown): boolean => isObject(schema) && schema["type"] === "boolean"

/** The field of the schema that is a decision, such as `approved`. */
const decisionOf = ({ properties }: Readonly<Record<string, unknown>>): string | undefined =>
  isObject(properties) ? Object.entries(properties).find(([, schema]) => isBoolean(schema))?.[0] : undefined

/** Undefined if the agent does not ask for a decision. */
export const approvalOf = ({ reason, responseSchema }: Interrupt): Approval | undefined => {
  if (isObject(responseSchema)) {
    const field = decisionOf(responseSchema)
    if (field !== undefined) return { approve: { [field]: true }, deny: { [field]: false } }
    return isBoolean(responseSchema) ? { approve: true, deny: false } : undefined
  }
  return /approv|confirm/i.test(reason) ? { approve: true, deny: false } : undefined
}

/** The values that the agent allows, if it lists them. */
export const choicesOf = ({ responseSchema }: Interrupt): ReadonlyArray<string> => {
  const values = isObject(responseSchema) ? responseSchema["enum"] : undefined
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : []
}

/** JSON if the text is JSON, or else the text. */
export const payloadOf = (text: string): Payload => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

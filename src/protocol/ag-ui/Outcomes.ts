/** The parts of RUN_FINISHED: the result with its usage, and the interrupts. Pure. */
import type * as Schema from "effect/Schema"
import type { Interrupt } from "../../domain/Interrupt.ts"
import type { RunDone } from "../../domain/Run.ts"
import type * as AgUi from "./Event.ts"

/** AG-UI's counts are those of a provider, so an estimate and the tokens of a cached answer stay in the result alone. */
const usageOf = ({ model, usage }: RunDone) =>
  usage.estimated === true || usage.cached === true
    ? {}
    : {
        usage: [
          {
            ...(model === undefined ? {} : { model }),
            ...(usage.inputTokens === undefined ? {} : { inputTokens: usage.inputTokens }),
            ...(usage.outputTokens === undefined ? {} : { outputTokens: usage.outputTokens }),
            totalTokens: usage.tokens,
          },
        ],
      }

export const resultOf = (done: RunDone) => ({ result: done, ...usageOf(done) })

const isObject = (json: Schema.Json | undefined): json is { readonly [key: string]: Schema.Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

export const interruptOf = (
  { expiresAt, interruptId: id, message, reason, responseSchema, ...own }: Interrupt,
  toolCallId: string | undefined,
): AgUi.Interrupt => ({
  id,
  reason,
  ...(message === undefined ? {} : { message }),
  ...(toolCallId === undefined ? {} : { toolCallId }),
  ...(isObject(responseSchema) ? { responseSchema } : {}),
  ...(expiresAt === undefined ? {} : { expiresAt }),
  ...(Object.keys(own).length === 0 ? {} : { metadata: { agent2ui: own } }),
})

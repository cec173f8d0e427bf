/**
 * Reads the beginning of a refusal's body, limited in bytes and time. The beginning suffices, and a slow server must not
 * delay the turn.
 */
import * as Effect from "effect/Effect"
import type { Answer } from "./UpstreamHttp.ts"

const mostBytes = 4096
const timeLimit = "1 second"

export const beginning = (answer: Answer): Effect.Effect<string> => {
  const decoder = new TextDecoder()
  let text = ""
  let bytes = 0
  const more: Effect.Effect<void, unknown> = Effect.flatMap(answer.pull, (chunks) => {
    for (const chunk of chunks) {
      text += decoder.decode(chunk.subarray(0, mostBytes - bytes), { stream: true })
      bytes = Math.min(bytes + chunk.length, mostBytes)
    }
    return bytes >= mostBytes ? Effect.void : more
  })
  return more.pipe(
    Effect.timeout(timeLimit),
    Effect.ignore,
    Effect.map(() => text),
  )
}

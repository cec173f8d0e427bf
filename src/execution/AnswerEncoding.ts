/**
 * Requests ask for plain answers (`accept-encoding: identity`). A compressed answer is refused before it is read,
 * because a few bytes can unpack to any number.
 */
import * as Effect from "effect/Effect"
import { UpstreamGarbled } from "./ExecutionError.ts"
import type { Answer } from "./UpstreamHttp.ts"

/** Servers write the last two to keep proxies from compressing a stream, or by mistake. */
const plain = new Set(["", "identity", "none", "utf-8"])

/** The encoding if the answer cannot be read, otherwise undefined. */
export const encodingOf = ({ header }: Pick<Answer, "header">): string | undefined => {
  const encoding = header("content-encoding")?.trim().toLowerCase() ?? ""
  return plain.has(encoding) ? undefined : encoding.slice(0, 40)
}

/** Undefined if the answer can be read. */
export const refusedEncoding = (
  upstream: string,
  answer: Answer,
): Effect.Effect<never, UpstreamGarbled> | undefined => {
  const encoding = encodingOf(answer)
  return encoding === undefined
    ? undefined
    : Effect.fail(new UpstreamGarbled({ upstream, detail: `content-encoding ${encoding}` }))
}

/**
 * Answers are asked for as they are (`accept-encoding: identity`). One that comes compressed all the same is refused before
 * it is read: unpacked, a few bytes can be any number of them.
 */
import * as Effect from "effect/Effect"
import { UpstreamGarbled } from "./ExecutionError.ts"
import type { Answer } from "./UpstreamHttp.ts"

/** Servers write the last two to keep proxies from compressing a stream, or by mistake. */
const plain = new Set(["", "identity", "none", "utf-8"])

/** The encoding of an answer that cannot be read; undefined where it can. */
export const encodingOf = ({ header }: Pick<Answer, "header">): string | undefined => {
  const encoding = header("content-encoding")?.trim().toLowerCase() ?? ""
  return plain.has(encoding) ? undefined : encoding.slice(0, 40)
}

/** Undefined where the answer can be read. */
export const refusedEncoding = (
  upstream: string,
  answer: Answer,
): Effect.Effect<never, UpstreamGarbled> | undefined => {
  const encoding = encodingOf(answer)
  return encoding === undefined
    ? undefined
    : Effect.fail(new UpstreamGarbled({ upstream, detail: `content-encoding ${encoding}` }))
}

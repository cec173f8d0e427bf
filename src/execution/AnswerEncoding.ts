/**
 * Answers are asked for as they are (`accept-encoding: identity`). One that comes compressed all the same is refused before
 * it is read: unpacked, a few bytes can be any number of them.
 */
import * as Effect from "effect/Effect"
import { UpstreamGarbled } from "./ExecutionError.ts"
import type { Answer } from "./UpstreamHttp.ts"

/** Servers write the last two to keep proxies from compressing a stream, or by mistake. */
const plain = new Set(["", "identity", "none", "utf-8"])

/** Undefined where the answer can be read. */
export const refusedEncoding = (
  upstream: string,
  { header }: Answer,
): Effect.Effect<never, UpstreamGarbled> | undefined => {
  const encoding = header("content-encoding")?.trim().toLowerCase() ?? ""
  return plain.has(encoding)
    ? undefined
    : Effect.fail(new UpstreamGarbled({ upstream, detail: `content-encoding ${encoding.slice(0, 40)}` }))
}

/** The answer with a link to one file for a browser. The link ends no later than the token that created it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { AccessEnds } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import type { FileLinks, LinkOwner } from "../files/FileLinks.ts"

/** A page loads the images that it shows within this time. */
const linkMs = 5 * 60_000

export const make = Effect.fnUntraced(function* (
  links: FileLinks["Service"],
  owner: LinkOwner,
  path: string,
) {
  const ends = Math.min((yield* Clock.currentTimeMillis) + linkMs, (yield* AccessEnds)())
  const link = yield* links.toPath(owner, path, ends)
  return HttpServerResponse.jsonUnsafe(ok(link), { headers: { "cache-control": "no-store" } })
})

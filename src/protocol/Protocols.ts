/**
 * The output protocols, and the rule that chooses one: the parameter `protocol` of the request, then its header
 * `X-Agent2UI-Protocol`, then the origin of its page, then its organisation, then the default. Deployed clients of Agent2UI
 * version 1 cannot ask, so their origin or organisation decides. Pure.
 */
import { matchesOrigin } from "../domain/Origin.ts"
import type { ProtocolDefaults } from "../domain/ProtocolDefaults.ts"
import { version1 } from "./agent2ui/Version1.ts"
import { version2 } from "./agent2ui/Version2.ts"
import type { OutputProtocol } from "./Encoder.ts"
import * as OpenAiError from "./openai/ErrorObject.ts"

/** Each protocol under the name that clients ask for. */
const protocols = { "1": version1, "2": version2 } satisfies Record<string, OutputProtocol>
export type ProtocolName = keyof typeof protocols

const isName = (text: string): text is ProtocolName => Object.hasOwn(protocols, text)

export const protocolNames = Object.keys(protocols).filter(isName)

/** The names in a request; an empty text counts as absent. */
export interface Requested {
  readonly parameter?: string | undefined
  readonly header?: string | undefined
}

const requested = ({ header = "", parameter }: Requested): OutputProtocol | undefined => {
  const name = parameter || header.trim()
  return isName(name) ? protocols[name] : undefined
}

/** The error bodies of routes with a protocol of their own, by the start of their path. */
const routeErrors: ReadonlyArray<readonly [path: string, Pick<OutputProtocol, "error">]> = [
  ["/v1/", { error: OpenAiError.errorBody }],
]

/** For an error response, which may precede the caller's identity. */
export const errorProtocol = (path: string, request: Requested): Pick<OutputProtocol, "error"> =>
  routeErrors.find(([start]) => path.startsWith(start))?.[1] ?? requested(request) ?? version2

export interface StreamCaller extends Requested {
  readonly orgId: string
  /** The origin of the page; it identifies the client better than the organisation does. */
  readonly origin: string | undefined
}

export const streamProtocol = (caller: StreamCaller, defaults: ProtocolDefaults): OutputProtocol => {
  const { orgId, origin } = caller
  const { protocol, rules } = defaults
  const byOrigin = rules.find(
    ({ by, value }) => by === "origin" && origin !== undefined && matchesOrigin(value, origin),
  )
  const byOrg = rules.find(({ by, value }) => by === "org" && value === orgId)
  return requested(caller) ?? protocols[(byOrigin ?? byOrg)?.protocol ?? protocol]
}

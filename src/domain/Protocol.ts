/**
 * The version of the event protocol for a reader. Deployed clients of version 1 cannot ask for it, so the service may
 * recognise them by the origin of their page or by their organisation. Pure.
 */
import { matchesOrigin } from "./Origin.ts"

export type Protocol = 1 | 2

export interface ProtocolRule {
  readonly by: "org" | "origin"
  /** An organisation's id, or a pattern of origins. */
  readonly value: string
  readonly protocol: Protocol
}

export interface ProtocolDefaults {
  readonly protocol: Protocol
  readonly rules: ReadonlyArray<ProtocolRule>
}

/** For a caller that does not ask. The page's origin identifies the client better than the organisation does. */
export const defaultProtocol = (
  { protocol, rules }: ProtocolDefaults,
  orgId: string,
  origin: string | undefined,
): Protocol => {
  const byOrigin = rules.find(
    ({ by, value }) => by === "origin" && origin !== undefined && matchesOrigin(value, origin),
  )
  const byOrg = rules.find(({ by, value }) => by === "org" && value === orgId)
  return (byOrigin ?? byOrg)?.protocol ?? protocol
}

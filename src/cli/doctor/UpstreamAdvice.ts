/** The meaning of an upstream's failure for the owner of the configuration. Pure. */
import type { ExecutionError } from "../../execution/ExecutionError.ts"
import { upstreamCodes } from "../../execution/FailureText.ts"
import * as Reason from "../../domain/Reason.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const networkAdvice: ReadonlyArray<readonly [RegExp, (variable: string) => string]> = [
  [/ENOTFOUND|EAI_AGAIN/, (variable) => `Correct the host name in ${variable}, or the DNS of this machine.`],
  [/ECONNREFUSED/, (variable) => `Start the server, or correct the address in ${variable}.`],
  [
    /CERT|certificate|self.signed|altname/i,
    () =>
      "Its certificate is not trusted here. Set NODE_EXTRA_CA_CERTS to the file of its authority, or correct the host name.",
  ],
  [
    /SSL|TLS|EPROTO|wrong version number/i,
    (variable) => `The server does not speak TLS on this port: use http:// or another port in ${variable}.`,
  ],
]

/** OpenSSL's errors repeat numbers and source files around the reason. */
export const reasonOf = (cause: unknown): string =>
  Reason.reasonOf(cause)
    .replace(/[0-9A-F]*:?error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):\S*/g, "TLS: $1")
    .trim() || "no connection"

/** `variable`: the one that holds the address. */
export const adviceFor = (reason: string, variable: string): string =>
  networkAdvice.find(([pattern]) => pattern.test(reason))?.[1](variable) ??
  `Check the address in ${variable}, the firewall and the proxy between this machine and the server.`

/** The variables of an upstream, for advice. */
export interface Variables {
  readonly address: string
  readonly key: string
  readonly model: string
  /** Names the field of the token limit; empty for the runtime, which has none. */
  readonly limit: string
}

const misconfigured = (status: number, { address, key, model }: Variables): string => {
  if (status === 401 || status === 403) return `The key is refused. Correct ${key}.`
  if (status === 402) return "The account has no credit. Add credit, or use another key."
  return `The model or the path is not known there. Correct ${model} or ${address}.`
}

const wrongWire = ({ address }: Variables) =>
  `The server at this address speaks another protocol. Correct ${address}, or the protocol that is set for it.`

const failureOf = (error: ExecutionError, variables: Variables): readonly [seen: string, advice: string] => {
  const codes = upstreamCodes(error)
  const answered = codes === undefined ? "failed" : `answered ${codes}`
  switch (error._tag) {
    case "UpstreamUnreachable": {
      const reason = reasonOf(error.cause)
      return [`cannot be reached: ${reason}`, adviceFor(reason, variables.address)]
    }
    case "UpstreamMisconfigured":
      return [answered, misconfigured(error.status, variables)]
    case "UpstreamUnavailable":
      return [answered, "The server has a problem of its own. Look at its logs or its status page."]
    case "UpstreamRejected":
      return [answered, wrongWire(variables)]
    case "UpstreamGarbled":
    case "UpstreamTruncated":
      return [`answered, but not in its protocol (${error._tag})`, wrongWire(variables)]
    case "FirstContentTimeout":
    case "FirstProgressTimeout":
    case "StallTimeout":
    case "CallTimeout":
    case "TotalTimeout":
      return [
        `no content in ${error.afterMs / 1000} s (${error._tag})`,
        "The server takes requests but does not answer in time. Look at its logs and its load.",
      ]
    default:
      return [`${answered} (${error._tag})`, "Look at the logs of the server."]
  }
}

export const findingOf = (check: string, error: ExecutionError, variables: Variables): Finding => {
  // A model may spend the few allowed tokens without a text; the key and the model were accepted.
  if (error._tag === "UpstreamEmpty")
    return ok(check, "accepts the key and the model; its short answer had no text")
  const [seen, advice] = failureOf(error, variables)
  if (error._tag === "UpstreamRateLimited")
    return warning(check, "answers, but limits the rate now", "Raise the limit of the account if this lasts.")
  return failed(check, seen, advice)
}

/** A refusal of the request itself. It may concern the token limit, because doctor's message is harmless. */
export const mayBeOfLimit = (error: ExecutionError): boolean =>
  error._tag === "UpstreamRejected" ||
  error._tag === "ContextTooLong" ||
  (error._tag === "UpstreamMisconfigured" && (error.status === 400 || error.status === 422))

export const limitRefused = (check: string, refusal: ExecutionError, { limit }: Variables): Finding =>
  warning(
    check,
    `answers, but refuses a limit of 16 tokens (${upstreamCodes(refusal) ?? refusal._tag})`,
    `Turns without a limit work. For agents with maxTokens set ${limit} to the field that the model accepts, or allow more tokens.`,
  )

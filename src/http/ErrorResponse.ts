/**
 * An error as an HTTP response: status, headers, and the body in the format of the protocol that the request names. Every error
 * response of the service is made here. Pure.
 */
import { type PublicError, statusOfCode } from "../protocol/PublicError.ts"
import { pathOf } from "./RequestPath.ts"
import { errorProtocol, type Requested } from "../protocol/Protocols.ts"

export interface ErrorResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request as Node or Effect describes it: the URL with its query, and header names in lower case. */
interface RequestHead {
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
}

const requestedBy = ({ headers, url = "" }: RequestHead): Requested => ({
  parameter: new URLSearchParams(url.split("?")[1]).get("protocol") ?? undefined,
  header: headers["x-agent2ui-protocol"]?.toString(),
})

/** `request` is undefined for bytes that could not be parsed as a request. */
export const make = (error: PublicError, request: RequestHead | undefined): ErrorResponse => {
  const status = statusOfCode[error.code]
  const path = pathOf(request?.url ?? "")
  const { body, contentType } = errorProtocol(path, request === undefined ? {} : requestedBy(request)).error(
    error,
  )
  return {
    status,
    headers: {
      "content-type": contentType,
      ...(error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) }),
      // A client that reuses connections must ask another server next time.
      ...(error.code === "SHUTTING_DOWN" ? { connection: "close" } : {}),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
    body,
  }
}

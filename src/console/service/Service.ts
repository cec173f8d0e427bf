/** Requests of the console to the gateway. A refusal is the gateway's own error; a 401 signs out. */
import { CrossfadeError, errorOfResponse } from "../../client/CrossfadeError.ts"
import { signOut, tokenNow } from "./Access.ts"

export interface ServiceRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** The whole JSON body, because some lists have fields beside `data`. */
export interface ServiceAnswer<Body> {
  readonly body: Body
  readonly headers: Headers
}

export const open = async (path: string, request: ServiceRequest = {}): Promise<Response> => {
  const token = tokenNow()
  const response = await fetch(path, {
    method: request.method ?? "GET",
    headers: {
      authorization: `Bearer ${token}`,
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  }).catch((cause: unknown) => {
    if (request.signal?.aborted) throw cause
    throw new CrossfadeError("CONNECTION_LOST", "The gateway does not answer.", { cause })
  })
  if (response.ok) return response
  const error = errorOfResponse(response.status, await response.text(), response.headers, Date.now())
  if (response.status === 401 && tokenNow() === token) signOut(error.message)
  throw error
}

/** `Body` is the type of the contract; the gateway is of the same release as the page. */
export const call = async <Body>(path: string, request?: ServiceRequest): Promise<ServiceAnswer<Body>> => {
  const response = await open(path, request)
  return { body: (await response.json()) as Body, headers: response.headers }
}

/** The `data` of the answer. */
export const dataOf = async <Data>(path: string, request?: ServiceRequest): Promise<Data> =>
  (await call<{ readonly data: Data }>(path, request)).body.data

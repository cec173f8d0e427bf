/**
 * Every test that calls a gateway with `fetch` also checks that the route declares the answer's status, error code and headers.
 * Vitest loads this file before each test file. The description loads with the first answer that needs it.
 */
const real = globalThis.fetch

/** Answers of proxies and of other servers have no such header. */
const isOfGateway = (response: Response) => response.headers.has("x-request-id")
const isJson = (response: Response) => response.headers.get("content-type")?.includes("json") === true

const check = async (method: string, path: string, response: Response) => {
  const { undeclared } = await import("./declared.ts")
  const body: unknown = isJson(response) ? await response.clone().json() : undefined
  const problem = undeclared({ method, path, status: response.status, body, headers: response.headers })
  if (problem !== undefined) throw new Error(problem)
}

globalThis.fetch = async (input, init) => {
  const response = await real(input, init)
  if (response.status === 200 || !isOfGateway(response)) return response
  const { method = "GET", url } =
    input instanceof Request ? input : { method: init?.method, url: String(input) }
  const { pathname } = new URL(url)
  if (pathname.startsWith("/api/v1/")) await check(method, pathname, response)
  return response
}

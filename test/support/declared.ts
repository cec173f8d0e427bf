/** Holds the answers of a gateway against its API description. */
import * as OpenApi from "effect/http-api/OpenApi"
import { Api } from "../../src/api/Api.ts"
import { table } from "../../src/api/openapi/Headers.ts"
import { beforeRoute } from "../../src/api/RouteErrors.ts"
import { statusOfCode } from "../../src/protocol/PublicError.ts"

export interface Answer {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Undefined for a body that is not JSON. */
  readonly body: unknown
  readonly headers?: Headers
}

// oxlint-disable-next-line typescript/no-explicit-any -- the tests look into the document
const document: any = OpenApi.fromApi(Api)

const routes = Object.keys(document.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}))

/** A path without parameters goes before one with them. */
const operationOf = ({ method, path }: Answer) => {
  const found = routes.filter(({ pattern }) => pattern.test(path))
  const best = found.find((route) => route.path === path) ?? found[0]
  return best && document.paths[best.path][method.toLowerCase()]
}

const codeOf = (body: unknown): string | undefined => {
  const { code } = (body as { readonly error?: { readonly code?: unknown } } | undefined)?.error ?? {}
  return typeof code === "string" && Object.hasOwn(statusOfCode, code) ? code : undefined
}

/** The names of a response's headers in the description, with `required`. */
const headersOf = (declared: {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>
}) =>
  Object.entries(declared.headers ?? {}).map(([name, { required = false }]) => ({
    name: name.toLowerCase(),
    required,
  }))

/** Every header that the description knows. Others, such as those against framing, belong to no route. */
const knownHeaders = Object.keys(table).map((name) => name.toLowerCase())

const headerProblems = (declared: object, headers: Headers): ReadonlyArray<string> => {
  const all = headersOf(declared)
  const missing = all.filter(({ name, required }) => required && !headers.has(name))
  const extra = knownHeaders.filter((known) => headers.has(known) && !all.some(({ name }) => name === known))
  return [...missing.map(({ name }) => `lacks ${name}`), ...extra.map((name) => `does not declare ${name}`)]
}

/** The problem with an answer that its route does not declare; undefined without one. */
export const undeclared = (answer: Answer): string | undefined => {
  const operation = operationOf(answer)
  const code = codeOf(answer.body)
  if (operation === undefined || beforeRoute.some((before) => before === code)) return undefined
  const declared = operation.responses[answer.status]
  const codes = declared?.content?.["application/json"]?.schema?.properties?.error?.properties?.code?.enum
  if (declared === undefined || (code !== undefined && codes !== undefined && !codes.includes(code)))
    return `${operation.operationId} does not declare ${answer.status} ${code ?? ""}`
  const [problem] = answer.headers === undefined ? [] : headerProblems(declared, answer.headers)
  return problem === undefined ? undefined : `${operation.operationId} ${answer.status} ${problem}`
}

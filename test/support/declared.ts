/** Holds the answers of a gateway against its API description. */
import * as OpenApi from "effect/http-api/OpenApi"
import { Api } from "../../src/api/Api.ts"
import { beforeRoute } from "../../src/api/RouteErrors.ts"
import { statusOfCode } from "../../src/protocol/PublicError.ts"

export interface Answer {
  readonly method: string
  readonly path: string
  readonly status: number
  /** Undefined for a body that is not JSON. */
  readonly body: unknown
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

/** The problem with an answer that its route does not declare; undefined without one. */
export const undeclared = (answer: Answer): string | undefined => {
  const operation = operationOf(answer)
  const code = codeOf(answer.body)
  if (operation === undefined || beforeRoute.some((before) => before === code)) return undefined
  const declared = operation.responses[answer.status]
  const codes = declared?.content?.["application/json"]?.schema?.properties?.error?.properties?.code?.enum
  if (declared !== undefined && (code === undefined || codes === undefined || codes.includes(code)))
    return undefined
  return `${operation.operationId} does not declare ${answer.status} ${code ?? ""}`
}

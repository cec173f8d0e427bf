/** Describes the permissions of an operation, from the annotations that `http/Authentication` enforces. Pure. */
import * as Context from "effect/Context"
import { OrPermission, RequiredPermissions, TakesFileLink, TakesTicket } from "../Authorization.ts"
import { type Endpoint, isAuthenticated } from "../RouteErrors.ts"

export const accessOf = (endpoint: Endpoint): string => {
  if (!isAuthenticated(endpoint)) return "Public: needs no token."
  const required = Context.getOrUndefined(endpoint.annotations, RequiredPermissions) ?? []
  const instead = Context.getOrUndefined(endpoint.annotations, OrPermission)
  const ticket = Context.getOrUndefined(endpoint.annotations, TakesTicket)
  const link = Context.getOrUndefined(endpoint.annotations, TakesFileLink)
  if (required.length === 0) return "Requires a token or an API key, with any permissions."
  const names = required.map((permission) => `\`${permission}\``).join(" and ")
  return [
    `Requires the ${required.length > 1 ? "permissions" : "permission"} ${names}`,
    ...(instead === undefined ? [] : [`, or \`${instead}\``]),
    ...(ticket === undefined ? [] : [", or a read ticket in the parameter `ticket`"]),
    ...(link === undefined ? [] : [", or a file ticket in the parameter `ticket`"]),
    ".",
  ].join("")
}

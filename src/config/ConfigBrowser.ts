/**
 * The variables for browser clients: the origins that may call, and the protocol version of clients that cannot ask
 * for one.
 */
import { isOriginPattern, originPatterns } from "../domain/Origin.ts"
import type { ProtocolRule } from "../domain/ProtocolDefaults.ts"
import { choice, list, optionalText, type Variable } from "./ConfigVariable.ts"

const ruleOf = (text: string): ProtocolRule | undefined => {
  const [, by, value = "", protocol] = /^(org|origin):(.+)=([12])$/.exec(text) ?? []
  if (by === "origin" && !isOriginPattern(value)) return undefined
  if ((by !== "org" && by !== "origin") || value.length > 200) return undefined
  return { by, value, protocol: protocol === "1" ? 1 : 2 }
}

const protocolRules: Variable<ReadonlyArray<ProtocolRule>> = {
  default: "",
  allowed:
    "empty, or at most 1000 of org:<id>=1|2 and origin:<origin>=1|2 separated by commas, such as org:acme=1,origin:https://old.example=1, with origins as in CORS_ALLOWED_ORIGINS",
  about:
    "Protocol version by organisation or by the page's origin, for clients that do not ask. An origin takes precedence over an organisation, and the first matching rule over later ones.",
  parse: (text) => {
    const rules = list(text).map(ruleOf)
    const read = rules.flatMap((rule) => rule ?? [])
    return read.length === rules.length && rules.length <= 1000 ? read : undefined
  },
}

export const browserVariables = {
  CORS_ALLOWED_ORIGINS: {
    ...optionalText(
      "Origins whose pages may call the API from a browser.",
      `empty, or origins separated by commas: ${originPatterns}`,
    ),
    parse: (text: string) => (list(text).every(isOriginPattern) ? text : undefined),
  },
  AGENT2UI_DEFAULT_PROTOCOL: choice(
    "Version of the event protocol for clients that do not ask (`?protocol=`, `X-Agent2UI-Protocol`).",
    ["2", "1"],
  ),
  AGENT2UI_PROTOCOL_BY: protocolRules,
}

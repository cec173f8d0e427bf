/** The variables of the console: the link to traces, and sign-in by the identity provider. Part of the table in `Config`. */
import { isTrustworthy } from "../domain/WebAddress.ts"
import { choice, optionalText, type ValuesOf, type Variable } from "./ConfigVariable.ts"

const placeholder = "{traceId}"

const traceUrl: Variable<string> = {
  ...optionalText(
    "Address of a trace in your tracing tool, for links in the console. It is public.",
    `empty, or an http:// or https:// URL with ${placeholder}, without credentials`,
  ),
  parse: (text) => {
    if (text === "") return ""
    // The place of the trace id must not be the host.
    const url = URL.canParse(text.replaceAll(placeholder, "0"))
      ? new URL(text.replaceAll(placeholder, "0"))
      : undefined
    if (url === undefined || url.username + url.password !== "") return undefined
    const rest = text.slice(text.indexOf("//") + 2).replace(/^[^/?#]*/, "")
    return /^https?:$/.test(url.protocol) && rest.includes(placeholder) ? text : undefined
  },
}

const issuer: Variable<string> = {
  ...optionalText(
    "Identity provider for sign-in to the console: its issuer, below which is /.well-known/openid-configuration. Empty: sign-in by token only.",
    "empty, or an https:// URL without credentials, query and fragment; http:// for this machine only",
  ),
  parse: (text) => {
    if (text === "") return ""
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isPlain = url !== undefined && url.search + url.hash + url.username + url.password === ""
    return isPlain && isTrustworthy(url) ? text : undefined
  },
}

const scopes: Variable<ReadonlyArray<string>> = {
  default: "openid",
  allowed: "words separated by spaces, openid among them",
  about: "Scopes that the sign-in to the console asks for.",
  parse: (text) => {
    const words = text.split(/\s+/).filter((word) => word !== "")
    return words.includes("openid") && words.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word))
      ? words
      : undefined
  },
}

/** The page and the gateway set these for each sign-in. */
const ownParameters: ReadonlyArray<string> = [
  "client_id",
  "client_secret",
  "code_challenge",
  "code_challenge_method",
  "nonce",
  "redirect_uri",
  "request",
  "request_uri",
  "response_mode",
  "response_type",
  "scope",
  "state",
]

const parameters: Variable<ReadonlyArray<readonly [name: string, value: string]>> = {
  default: "",
  allowed: `empty, or name=value pairs joined by &, encoded as in a URL, such as audience=https%3A%2F%2Fchat.example%2Fapi; not ${ownParameters.join(", ")}`,
  about:
    "Further parameters of the sign-in request, such as audience (Auth0), resource (RFC 8707) or prompt.",
  parse: (text) => {
    const pairs = [...new URLSearchParams(text)]
    const isFine = pairs.every(
      ([name, value]) => /^\w+$/.test(name) && value !== "" && !ownParameters.includes(name),
    )
    return isFine ? pairs : undefined
  },
}

export const consoleVariables = {
  TRACE_URL: traceUrl,
  CONSOLE_OIDC_ISSUER: issuer,
  CONSOLE_OIDC_CLIENT_ID: optionalText(
    "Client id of the console at the identity provider. Its redirect URI is the console's address with / at the end.",
    "a client id if CONSOLE_OIDC_ISSUER is set, else empty",
  ),
  CONSOLE_OIDC_CLIENT_SECRET: {
    ...optionalText(
      "Client secret. Empty: the console is a public client, protected by PKCE alone.",
      "a secret",
    ),
    secret: true,
  },
  CONSOLE_OIDC_SCOPES: scopes,
  CONSOLE_OIDC_PARAMETERS: parameters,
  CONSOLE_OIDC_TOKEN: choice(
    "The provider's token that the console sends to this service. id_token: for a provider without JSON Web Tokens for APIs.",
    ["access_token", "id_token"],
  ),
}

type Values = ValuesOf<typeof consoleVariables>

/** A sign-in whose tokens the service cannot verify would fail for each user. */
export const consoleProblems = ({
  AUTH_JWKS_URL: keys,
  CONSOLE_OIDC_CLIENT_ID: clientId = "",
  CONSOLE_OIDC_CLIENT_SECRET: secret = "",
  CONSOLE_OIDC_ISSUER: found,
}: Partial<Values> & { readonly AUTH_JWKS_URL?: string | undefined }) => {
  if (found === undefined) return []
  if (found === "")
    return [
      { variable: "CONSOLE_OIDC_CLIENT_ID", value: clientId },
      { variable: "CONSOLE_OIDC_CLIENT_SECRET", value: secret },
    ]
      .filter(({ value }) => value !== "")
      .map(({ variable }) => ({
        variable,
        found: "a value, and no CONSOLE_OIDC_ISSUER",
        allowed: "empty, or together with CONSOLE_OIDC_ISSUER",
      }))
  return [
    ...(clientId === ""
      ? [
          {
            variable: "CONSOLE_OIDC_CLIENT_ID",
            found: "nothing",
            allowed: consoleVariables.CONSOLE_OIDC_CLIENT_ID.allowed,
          },
        ]
      : []),
    ...(keys === ""
      ? [
          {
            variable: "CONSOLE_OIDC_ISSUER",
            found: "an issuer, and no AUTH_JWKS_URL",
            allowed: "empty, or an issuer whose keys are at AUTH_JWKS_URL",
          },
        ]
      : []),
  ]
}

/** The variables of one direct provider, `DIRECT_LLM_<NAME>_…`. Empty: the kind's default. Pure. */
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { choice, choices, optionalText, type Variable } from "./ConfigVariable.ts"
import { type PresetName, presets } from "../domain/ProviderPreset.ts"

const presetNames = Object.keys(presets).filter((name): name is PresetName => name in presets)

/** RFC 9110, section 5.6.2. */
const isToken = (text: string) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
/** One byte a character and no control characters but the tab: Node and undici refuse to send others. */
export const isHeaderValue = (text: string) => /^[\t\u0020-\u007e\u0080-\u00ff]+$/.test(text)

/** Set by the HTTP client or by the proxy settings, or decided by what the gateway can read. */
const reserved = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

const notReserved = "none that the connection needs for itself, such as host or content-length"

/** In lower case: the gateway's own headers are, and a name must not be sent twice. */
const headerName = (text: string): string | undefined => {
  const name = text.toLowerCase()
  return isToken(name) && !reserved.has(name) ? name : undefined
}

type Pair = readonly [name: string, value: string]

const decodeObject = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)),
)

const headersIn = (text: string): ReadonlyArray<Pair> | undefined => {
  if (text.startsWith("{")) {
    return Option.getOrUndefined(Option.map(decodeObject(text), (headers) => Object.entries(headers)))
  }
  const lines = text.split(/[;\n]/).filter((line) => line.trim() !== "")
  return lines.map((line) => {
    const colon = line.indexOf(":")
    return [line.slice(0, Math.max(colon, 0)).trim(), line.slice(colon + 1).trim()]
  })
}

/** Undefined where a pair is not allowed, or a name stands twice. */
const recordOf = <A>(
  pairs: ReadonlyArray<Pair>,
  read: (name: string, value: string) => readonly [string, A] | undefined,
): Readonly<Record<string, A>> | undefined => {
  const all = pairs.flatMap(([name, value]) => {
    const one = read(name, value)
    return one === undefined ? [] : [one]
  })
  const record = Object.fromEntries(all)
  return Object.keys(record).length === pairs.length ? record : undefined
}

export const headers: Variable<Readonly<Record<string, Redacted.Redacted<string>>>> = {
  default: "",
  secret: true,
  about: "Headers of each request; they override the key's header. A value with a ; needs the JSON form.",
  allowed: `\`Name: value\` pairs separated by ; or line ends, or one JSON object of strings; each name once, ${notReserved}`,
  parse: (text) =>
    recordOf(headersIn(text) ?? [["", ""]], (given, value) => {
      const name = headerName(given)
      return name !== undefined && isHeaderValue(value) ? [name, Redacted.make(value)] : undefined
    }),
}

const query: Variable<Readonly<Record<string, string>>> = {
  default: "",
  secret: true,
  about: "Query parameters of each request; they override those of the address.",
  allowed: "name=value pairs separated by &, percent-encoded where needed, each name once",
  parse: (text) =>
    recordOf([...new URLSearchParams(text)], (name, value) =>
      name === "" || value === "" || text.includes("#") ? undefined : [name, value],
    ),
}

const baseUrl: Variable<string> = {
  ...optionalText(
    "Address of the API, to which paths such as /chat/completions are added; it may have a query.",
    "a URL with http:// or https://, without credentials or fragment",
  ),
  parse: (text) => {
    if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined
    const { hash, password, username } = new URL(text)
    return hash + password + username === "" ? text.replace(/\/+$/, "") : undefined
  },
}

/** The same words for each variable that holds a key. */
export const apiKeyAllowed = "an API key on one line, without characters such as curly quotes"

const apiKey: Variable<Redacted.Redacted<string>> = {
  default: "",
  secret: true,
  about: "API key. Required for each hosted kind unless _HEADERS has its header.",
  allowed: apiKeyAllowed,
  parse: (text) => (isHeaderValue(text) ? Redacted.make(text) : undefined),
}

/** The order of `.env.example`. */
export const providerVariables = {
  KIND: choice("The wire, or a known provider.", presetNames),
  BASE_URL: baseUrl,
  API_KEY: apiKey,
  MODEL: optionalText(
    "Model for agents without a model of their own; the first provider uses an agent's own model.",
    "the name of a model",
  ),
  HEADERS: headers,
  QUERY: query,
  API_KEY_HEADER: {
    ...optionalText(
      "Header that carries the key: `authorization` as `Bearer`, any other as the bare key.",
      `the name of a header, ${notReserved}`,
    ),
    parse: headerName,
  },
  MAX_TOKENS_FIELD: choice(
    "Field for an agent's token limit. Wires other than OpenAI's have one name for it; `none` omits the field if the wire allows that.",
    ["max_tokens", "max_completion_tokens", "none"],
  ),
  STREAM_USAGE: choice("Asks for the number of tokens with `stream_options.include_usage`.", [
    "true",
    "false",
  ]),
  TEMPERATURE: choice(
    "Sends an agent's temperature. OpenAI's reasoning models, known by their names, never get one.",
    ["true", "false"],
  ),
  ATTACHMENTS: choices(
    "Kinds of files that the model takes. Text files always count, because they are sent as text. A message with other files does not go to this provider.",
    ["image", "pdf", "text"],
    "",
  ),
} satisfies Record<string, Variable<unknown>>

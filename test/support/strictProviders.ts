/**
 * Providers on loopback that refuse the same fields as the real ones, with the recorded status and words, and ignore
 * the same fields. The sources are in docs/reference/providers.md.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"

export interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  readonly body: Readonly<Record<string, unknown>>
  /** The status of its refusal. */
  refused?: number
}

interface Refusal {
  readonly status: number
  readonly body: unknown
}

export interface Strict {
  readonly refuse: (asked: Asked) => Refusal | undefined
  /** The field that limits an answer; any other is ignored. */
  readonly limit: ReadonlyArray<string>
  /** It reports usage without a request for it. */
  readonly tellsUsage: boolean
}

export const key = "sk-not-a-key"

const bearer = (body: unknown) => (asked: Asked) =>
  asked.headers["authorization"] === `Bearer ${key}` ? undefined : { status: 401, body }
const at = (path: string, body: unknown) => (asked: Asked) =>
  asked.path === path ? undefined : { status: 404, body }
/** Refuses the first field that is not among `known`. */
const only = (known: ReadonlyArray<string>, refusal: (name: string) => Refusal) => (asked: Asked) => {
  const unknown = Object.keys(asked.body).find((name) => !known.includes(name))
  return unknown === undefined ? undefined : refusal(unknown)
}
const first =
  (...rules: ReadonlyArray<Strict["refuse"]>): Strict["refuse"] =>
  (asked) => {
    for (const rule of rules) {
      const refusal = rule(asked)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

const common = ["model", "messages", "stream", "temperature", "max_tokens"]
const openAi = [...common, "stream_options", "max_completion_tokens"]
const notFound = { error: { code: "404", message: "Resource not found" } }

const badRequest = (message: string, param: string | null, code: string | null): Refusal => ({
  status: 400,
  body: { error: { message, type: "invalid_request_error", param, code } },
})

/** OpenAI's reasoning models, at Azure too. */
const reasoning = ({ body }: Asked): Refusal | undefined => {
  if (!String(body["model"]).startsWith("gpt-5")) return undefined
  if ("max_tokens" in body)
    return badRequest(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      "max_tokens",
      "unsupported_parameter",
    )
  return "temperature" in body && body["temperature"] !== 1
    ? badRequest(
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
        "temperature",
        "unsupported_value",
      )
    : undefined
}

const azureKey = (asked: Asked): Refusal | undefined =>
  asked.headers["api-key"] === key
    ? undefined
    : {
        status: 401,
        body: {
          error: {
            code: "401",
            message: "Access denied due to invalid subscription key or wrong API endpoint.",
          },
        },
      }

const azureVersion = ({ body, query }: Asked): Refusal | undefined => {
  const version = query.get("api-version")
  if (version === null) return { status: 404, body: notFound }
  const late = ["stream_options", "max_completion_tokens"].find((name) => name in body)
  return version < "2024-09" && late !== undefined
    ? badRequest(`Unrecognized request argument supplied: ${late}`, null, null)
    : undefined
}

const unversioned = ({ query }: Asked): Refusal | undefined =>
  query.has("api-version")
    ? { status: 400, body: { error: { code: "BadRequest", message: "API version not supported" } } }
    : undefined

const extraForbidden = (...loc: ReadonlyArray<string>): Refusal => ({
  status: 422,
  body: {
    object: "error",
    message: { detail: [{ type: "extra_forbidden", loc, msg: "Extra inputs are not permitted" }] },
    type: "invalid_request_error",
    param: null,
    code: null,
  },
})

const unknownName = (name: string): Refusal => ({
  status: 400,
  body: [
    {
      error: {
        code: 400,
        message: `Invalid JSON payload received. Unknown name "${name}": Cannot find field.`,
        status: "INVALID_ARGUMENT",
      },
    },
  ],
})

const both = ["max_tokens", "max_completion_tokens"]
const openAiRules = only(openAi, (name) =>
  badRequest(`Unrecognized request argument supplied: ${name}`, null, null),
)

export const strict = {
  azure: {
    refuse: first(
      azureKey,
      at("/openai/deployments/chat/chat/completions", notFound),
      azureVersion,
      openAiRules,
      reasoning,
    ),
    limit: both,
    tellsUsage: false,
  },
  azureV1: {
    refuse: first(azureKey, at("/openai/v1/chat/completions", notFound), unversioned, openAiRules, reasoning),
    limit: both,
    tellsUsage: false,
  },
  /** Needs no key, and ignores unknown fields. */
  ollama: {
    refuse: at("/v1/chat/completions", "404 page not found"),
    limit: ["max_tokens"],
    tellsUsage: false,
  },
  /** A version that still refuses unknown fields, started with `--api-key`. */
  vllm: {
    refuse: first(
      bearer({ error: "Unauthorized" }),
      at("/v1/chat/completions", { detail: "Not Found" }),
      only([...common, "stream_options"], (name) => ({ ...extraForbidden("body", name), status: 400 })),
    ),
    limit: ["max_tokens"],
    tellsUsage: false,
  },
  openrouter: {
    refuse: first(
      bearer({ error: { message: "No auth credentials found", code: 401 } }),
      at("/api/v1/chat/completions", "<!DOCTYPE html>"),
      // Its reference announces that a later release removes this field.
      only([...common, "max_completion_tokens"], (name) =>
        badRequest(`Unrecognized key(s) in object: '${name}'`, null, null),
      ),
    ),
    limit: both,
    tellsUsage: true,
  },
  deepseek: {
    refuse: first(
      bearer({
        error: {
          message: "Authentication Fails",
          type: "authentication_error",
          code: "invalid_request_error",
        },
      }),
      at("/chat/completions", ""),
    ),
    limit: ["max_tokens"],
    tellsUsage: false,
  },
  mistral: {
    refuse: first(
      bearer({ detail: "Unauthorized" }),
      at("/v1/chat/completions", { detail: "Not Found" }),
      ({ body }) =>
        "stream_options" in body ? extraForbidden("body", "stream_options", "include_usage") : undefined,
      only(common, (name) => extraForbidden("body", name)),
    ),
    limit: ["max_tokens"],
    tellsUsage: true,
  },
  groq: {
    refuse: first(
      bearer({
        error: { message: "Invalid API Key", type: "invalid_request_error", code: "invalid_api_key" },
      }),
      at("/openai/v1/chat/completions", { error: { message: "Unknown request URL", type: "x" } }),
      // `max_tokens` is deprecated: a version of the API without it.
      only(
        openAi.filter((name) => name !== "max_tokens"),
        (name) => badRequest(`property '${name}' is unsupported`, null, null),
      ),
    ),
    limit: ["max_completion_tokens"],
    tellsUsage: false,
  },
  gemini: {
    refuse: first(
      bearer([{ error: { code: 400, message: "Missing or invalid Authorization header." } }]),
      at("/v1beta/openai/chat/completions", ""),
      only(openAi, unknownName),
    ),
    limit: both,
    tellsUsage: false,
  },
} as const satisfies Readonly<Record<string, Strict>>

const data = (body: object): string => `data: ${JSON.stringify(body)}\n\n`
const words = ["one ", "two ", "three ", "four ", "five"]

const answerOf = ({ limit, tellsUsage }: Strict, { body }: Asked): string => {
  const most = limit.map((name) => body[name]).find((value) => typeof value === "number") ?? words.length
  const sent = words.slice(0, most)
  const usage = { prompt_tokens: 11, completion_tokens: sent.length }
  return [
    ...sent.map((content) => data({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    data({
      choices: [{ index: 0, delta: {}, finish_reason: sent.length < words.length ? "length" : "stop" }],
    }),
    ...(tellsUsage || "stream_options" in body ? [data({ choices: [], usage })] : []),
    "data: [DONE]\n\n",
  ].join("")
}

export const startStrict = async (provider: Strict) => {
  const asked: Array<Asked> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk) => (text += chunk))
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://x")
      const one: Asked = {
        path: pathname,
        query: searchParams,
        headers: request.headers,
        body: JSON.parse(text),
      }
      asked.push(one)
      const refusal = provider.refuse(one)
      if (refusal !== undefined) {
        one.refused = refusal.status
        response.writeHead(refusal.status, { "content-type": "application/json" })
        response.end(JSON.stringify(refusal.body))
        return
      }
      const answer = answerOf(provider, one)
      // A load balancer that compresses everything it may compress.
      const plain = request.headers["accept-encoding"] === "identity"
      response.writeHead(200, {
        "content-type": "text/event-stream",
        ...(plain ? {} : { "content-encoding": "gzip" }),
      })
      response.end(plain ? answer : gzipSync(answer))
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop }
}

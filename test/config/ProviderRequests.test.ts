/** The requests to a provider by the environment: presets, and the variables that take precedence over them. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Config from "../../src/config/Config.ts"

const canary = "canary-must-not-be-shown"
const plain = { KIND: "openai-compatible", BASE_URL: "https://llm.example/v1", MODEL: "m" }

const envOf = (fields: Readonly<Record<string, string>>) => ({
  DIRECT_LLM_PROVIDERS: "a",
  ...Object.fromEntries(Object.entries(fields).map(([part, value]) => [`DIRECT_LLM_A_${part}`, value])),
})

/** The one provider, with its secrets in the open. */
const read = (fields: Readonly<Record<string, string>>) =>
  Effect.map(Config.read(envOf(fields)), ({ providers }) => {
    const [one] = providers
    if (one === undefined) throw new Error("no provider")
    const headers = Object.entries(one.headers).map(([name, value]) => [name, Redacted.value(value)])
    return { ...one, headers: Object.fromEntries(headers) as Record<string, string> }
  })

/** The one refused variable, and the message. */
const refused = (fields: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(Config.read(envOf(fields))), ({ message, problems }) => {
    assert.notInclude(message, "canary")
    return problems.map(({ found, variable }) => `${variable.replace("DIRECT_LLM_A_", "")}: ${found}`)
  })

describe("a provider's headers", () => {
  const cases: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
    ["X-Title: Crossfade", { "x-title": "Crossfade" }],
    [
      "HTTP-Referer: https://chat.example:8443/a?b=c,d ; X-Title:x",
      { "http-referer": "https://chat.example:8443/a?b=c,d", "x-title": "x" },
    ],
    ["a: 1\r\nb: 2\n\n", { a: "1", b: "2" }],
    ['{"X-A":"1; 2","Authorization":"Basic eDp5"}', { "x-a": "1; 2", authorization: "Basic eDp5" }],
    ["{}", {}],
  ]
  it.effect.each(cases)("are read from %s", ([text, headers]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* read({ ...plain, HEADERS: text })).headers, headers)
    }),
  )

  it.effect.each([
    "x-a=canary",
    "canary",
    ": canary",
    "x-a:",
    "x a: canary",
    "x-é: canary",
    "x-a: canary; X-A: canary",
    "x-a: caf\u00e9\u2013canary",
    "Host: canary",
    "content-length: 1",
    "Transfer-Encoding: chunked",
    "connection: close",
    "accept-encoding: gzip",
    "proxy-authorization: canary",
    '{"x-a": 1, "x-b": "canary"}',
    '{"x-a": "1\\r\\nx-b: canary"}',
    '{"x-a": "canary"',
    '["canary"]',
  ])("are refused, and the message does not repeat them: %s", (text) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* refused({ ...plain, HEADERS: text }), [
        `HEADERS: a value of ${text.length} characters`,
      ])
    }),
  )

  it.effect("stay secret in the settings", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read(envOf({ ...plain, HEADERS: `x-a: ${canary}` }))
      assert.notInclude(JSON.stringify(settings.providers), "canary")
    }),
  )

  it.effect("can carry the key, which is then not required", () =>
    Effect.gen(function* () {
      for (const name of ["Authorization", "api-key"]) {
        const fields = { ...plain, KIND: "azure", HEADERS: `${name}: x` }
        assert.isUndefined((yield* read(fields)).apiKey)
      }
      assert.deepStrictEqual(yield* refused({ ...plain, KIND: "azure", HEADERS: "x-a: x" }), [
        "API_KEY: nothing",
      ])
    }),
  )
})

describe("a provider's query", () => {
  it.effect("is read from name=value pairs", () =>
    Effect.gen(function* () {
      const of = (text: string) => Effect.map(read({ ...plain, QUERY: text }), ({ query }) => query)
      assert.deepStrictEqual(yield* of("?api-version=2024-10-21&x=a%26b%3Dc"), {
        "api-version": "2024-10-21",
        x: "a&b=c",
      })
    }),
  )

  it.effect.each(["canary", "a=", "=canary", "a=1&a=canary", "a=canary#x"])(
    "is refused, and the message does not repeat it: %s",
    (text) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* refused({ ...plain, QUERY: text }), [
          `QUERY: a value of ${text.length} characters`,
        ])
      }),
  )
})

describe("the other variables of a provider", () => {
  it.effect("take precedence over the preset, one by one", () =>
    Effect.gen(function* () {
      const fields = { KIND: "mistral", MODEL: "m", API_KEY: "k" }
      const preset = yield* read(fields)
      const changes: ReadonlyArray<readonly [Record<string, string>, Partial<typeof preset>]> = [
        [{ BASE_URL: "https://eu.example/v1" }, { baseUrl: "https://eu.example/v1" }],
        [{ HEADERS: "x-a: 1" }, { headers: { "x-a": "1" } as never }],
        [{ QUERY: "a=1" }, { query: { a: "1" } }],
        [{ API_KEY_HEADER: "X-Api-Key" }, { apiKeyHeader: "x-api-key" }],
        [{ MAX_TOKENS_FIELD: "none" }, { maxTokensField: "none" }],
        [{ STREAM_USAGE: "true" }, { streamUsage: true }],
        [{ TEMPERATURE: "false" }, { temperature: false }],
        [{ ATTACHMENTS: "pdf, image" }, { attachments: ["image", "pdf", "text"] }],
        [{ ATTACHMENTS: "text" }, { attachments: ["text"] }],
      ]
      for (const [change, expected] of changes) {
        const given = yield* read({ ...fields, ...change })
        assert.deepStrictEqual<unknown>(
          { ...given, apiKey: undefined },
          { ...preset, apiKey: undefined, ...expected },
        )
      }
    }),
  )

  it.effect("are refused if they are not an allowed value", () =>
    Effect.gen(function* () {
      const cases = {
        KIND: "llama",
        BASE_URL: "https://llm.example/#x",
        API_KEY_HEADER: "host",
        MAX_TOKENS_FIELD: "maxTokens",
        STREAM_USAGE: "yes",
        TEMPERATURE: "0",
        ATTACHMENTS: "image,video",
      }
      for (const [part, text] of Object.entries(cases)) {
        assert.deepStrictEqual(yield* refused({ ...plain, [part]: text }), [
          `${part}: ${JSON.stringify(text)}`,
        ])
      }
      assert.deepStrictEqual(yield* refused({ ...plain, BASE_URL: `https://u:${canary}@llm.example/v1` }), [
        'BASE_URL: "https://…@llm.example/v1"',
      ])
      assert.deepStrictEqual(yield* refused({ ...plain, BASE_URL: `llm.example/v1?key=${canary}` }), [
        'BASE_URL: "llm.example/v1?…"',
      ])
      // A key that Node would refuse to send, at every turn.
      assert.deepStrictEqual(yield* refused({ ...plain, API_KEY: "canary\ncanary" }), [
        "API_KEY: a value of 13 characters",
      ])
    }),
  )
})

describe("Azure's address", () => {
  const azure = (url: string, fields: Readonly<Record<string, string>> = {}) =>
    Effect.map(
      read({ KIND: "azure", BASE_URL: url, MODEL: "m", API_KEY: "k", ...fields }),
      ({ baseUrl, maxTokensField, query, streamUsage }) => [baseUrl, query, maxTokensField, streamUsage],
    )
  const host = "https://acme.openai.azure.com"
  const deployment = `${host}/openai/deployments/chat`

  it.effect("gets a version if it names a deployment without one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual<unknown>(yield* azure(deployment), [
        deployment,
        { "api-version": "2024-10-21" },
        "max_completion_tokens",
        true,
      ])
      const newer = `${deployment}?api-version=2025-04-01-preview`
      assert.deepStrictEqual<unknown>(yield* azure(newer), [newer, {}, "max_completion_tokens", true])
      assert.deepStrictEqual<unknown>(yield* azure(newer, { QUERY: "api-version=2024-12-01-preview" }), [
        newer,
        { "api-version": "2024-12-01-preview" },
        "max_completion_tokens",
        true,
      ])
    }),
  )

  it.effect("with an old version leaves out the fields that it refuses", () =>
    Effect.gen(function* () {
      const older = `${deployment}?api-version=2024-06-01`
      assert.deepStrictEqual<unknown>(yield* azure(older), [older, {}, "max_tokens", false])
      assert.deepStrictEqual<unknown>(yield* azure(older, { STREAM_USAGE: "true" }), [
        older,
        {},
        "max_tokens",
        true,
      ])
    }),
  )

  it.effect("means /openai/v1, which has no versions, if it is the resource alone", () =>
    Effect.gen(function* () {
      for (const url of [host, `${host}/`, `${host}/openai/v1`]) {
        assert.deepStrictEqual<unknown>(yield* azure(url), [
          `${host}/openai/v1`,
          {},
          "max_completion_tokens",
          true,
        ])
      }
      const [, query] = yield* azure(`${host}/openai/v1/chat/completions`)
      assert.deepStrictEqual(query, {})
    }),
  )
})

describe("the proxy", () => {
  const proxy = (env: Config.Environment) =>
    Effect.map(Config.read(env), ({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }) => [
      HTTP_PROXY && Redacted.value(HTTP_PROXY),
      HTTPS_PROXY && Redacted.value(HTTPS_PROXY),
      NO_PROXY,
    ])

  it.effect("is named in upper or lower case, the latter first, with a scheme or without", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* proxy({ HTTP_PROXY: "http://u:p%40@a:1/", HTTPS_PROXY: "b:3128", NO_PROXY: "c" }),
        ["http://u:p%40@a:1/", "http://b:3128", "c"],
      )
      assert.deepStrictEqual(
        yield* proxy({ HTTP_PROXY: "http://a:1", http_proxy: "http://b:1", https_proxy: "c", no_proxy: "*" }),
        ["http://b:1", "http://c", "*"],
      )
      assert.deepStrictEqual(yield* proxy({ HTTP_PROXY: "http://a:1", http_proxy: " " }), [
        "http://a:1",
        undefined,
        "",
      ])
    }),
  )

  it.effect("stops the start under the name that was set if it is not a proxy", () =>
    Effect.gen(function* () {
      const { message, problems } = yield* Effect.flip(Config.read({ http_proxy: `socks5://${canary}:1` }))
      assert.deepStrictEqual(
        problems.map(({ variable }) => variable),
        ["http_proxy"],
      )
      assert.notInclude(message, canary)
    }),
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Config from "../../src/config/Config.ts"
import { plainRequests } from "../../src/domain/DirectProvider.ts"

const provider = (name: string, fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).map(([part, value]) => [`DIRECT_LLM_${name}_${part}`, value]))

/** The providers, with their keys in the open. */
const providersOf = (env: Config.Environment) =>
  Effect.map(Config.read(env), ({ providers }) =>
    providers.map(({ apiKey, ...rest }) => ({ ...rest, apiKey: apiKey && Redacted.value(apiKey) })),
  )

const problemsOf = (env: Config.Environment) =>
  Effect.map(Effect.flip(Config.read(env)), ({ problems }) =>
    problems.map(({ found, variable }) => `${variable}: ${found}`),
  )

const compatible = { KIND: "openai-compatible", BASE_URL: "https://llm.example/v1/", MODEL: "m" }

describe("direct providers", () => {
  it.effect("are tried in the order of DIRECT_LLM_PROVIDERS, each with variables of its own", () =>
    Effect.gen(function* () {
      const env = {
        DIRECT_LLM_PROVIDERS: " main , backup_2 ",
        ...provider("MAIN", { ...compatible, API_KEY: " k " }),
        ...provider("BACKUP_2", { KIND: "anthropic", API_KEY: "k2", MODEL: "claude" }),
        ...provider("OTHER", compatible),
      }
      assert.deepStrictEqual<unknown>(yield* providersOf(env), [
        {
          name: "main",
          kind: "openai-compatible",
          baseUrl: "https://llm.example/v1",
          apiKey: "k",
          model: "m",
          ...plainRequests,
        },
        {
          name: "backup_2",
          kind: "anthropic",
          baseUrl: undefined,
          apiKey: "k2",
          model: "claude",
          ...plainRequests,
          attachments: ["image", "pdf", "text"],
        },
      ])
    }),
  )

  it.effect("produce a warning if a variable is misspelled or belongs to an unlisted provider", () =>
    Effect.gen(function* () {
      const env = {
        DIRECT_LLM_PROVIDERS: "main,main_b",
        ...provider("MAIN", { ...compatible, HEADER: "x-key: sk-canary-0000", B_MODEL: "m", QUERIES: " " }),
        ...provider("MAIN_B", compatible),
        ...provider("OTHER", { MODEL: "m" }),
      }
      const { unknown } = yield* Config.read(env)
      assert.deepStrictEqual(unknown, [
        {
          variable: "DIRECT_LLM_MAIN_HEADER",
          reason: "no variable has this name",
          nearest: "DIRECT_LLM_MAIN_HEADERS",
        },
        {
          variable: "DIRECT_LLM_OTHER_MODEL",
          reason: "DIRECT_LLM_PROVIDERS does not list other",
          nearest: undefined,
        },
      ])
    }),
  )

  const kinds: ReadonlyArray<readonly [string, boolean, boolean]> = [
    ["openai-compatible", true, false],
    ["sandbox", true, false],
    ["openai", false, true],
    ["anthropic", false, true],
    ["google", false, true],
    ["azure", true, true],
    ["ollama", false, false],
    ["vllm", false, false],
    ["openrouter", false, true],
    ["deepseek", false, true],
    ["mistral", false, true],
    ["groq", false, true],
    ["gemini", false, true],
  ]
  it.effect.each(kinds)(
    "need an address, a key and a model by their kind: %s, address %s, key %s",
    ([kind, url, key]) =>
      Effect.gen(function* () {
        const problems = yield* problemsOf({ DIRECT_LLM_PROVIDERS: "a", ...provider("A", { KIND: kind }) })
        assert.deepStrictEqual(problems, [
          ...(url ? ["DIRECT_LLM_A_BASE_URL: nothing"] : []),
          "DIRECT_LLM_A_MODEL: nothing",
          ...(key ? ["DIRECT_LLM_A_API_KEY: nothing"] : []),
        ])
      }),
  )

  it.effect("are all named in one message if they are invalid", () =>
    Effect.gen(function* () {
      const env = {
        PORT: "x",
        DIRECT_LLM_PROVIDERS: "a,b,c",
        ...provider("A", { ...compatible, KIND: "llama" }),
        ...provider("B", { ...compatible, BASE_URL: "llm.example" }),
        ...provider("C", compatible),
      }
      assert.deepStrictEqual(yield* problemsOf(env), [
        'PORT: "x"',
        'DIRECT_LLM_A_KIND: "llama"',
        'DIRECT_LLM_B_BASE_URL: "llm.example"',
      ])
    }),
  )

  it.effect("are refused if they would share their variables", () =>
    Effect.gen(function* () {
      const env = { ...provider("A", compatible) }
      assert.deepStrictEqual(yield* problemsOf({ ...env, DIRECT_LLM_PROVIDERS: "a,a" }), [
        'DIRECT_LLM_PROVIDERS: "a"',
      ])
      assert.deepStrictEqual(yield* problemsOf({ ...env, DIRECT_LLM_PROVIDERS: "a,A" }), [
        'DIRECT_LLM_PROVIDERS: "A"',
      ])
    }),
  )

  it.effect("cannot have the name of the runtime's own target, which identifies attempts", () =>
    Effect.gen(function* () {
      const env = {
        DIRECT_LLM_PROVIDERS: "a,runtime",
        ...provider("A", compatible),
        ...provider("RUNTIME", compatible),
      }
      assert.deepStrictEqual(yield* problemsOf(env), ['DIRECT_LLM_PROVIDERS: "runtime"'])
    }),
  )

  it.effect("are the well-known ones with a key, if none are listed", () =>
    Effect.gen(function* () {
      const named = (env: Config.Environment) =>
        Effect.map(providersOf(env), (all) => all.map(({ kind, name }) => [name, kind]))
      assert.deepStrictEqual(yield* named({ OPENAI_API_KEY: "k" }), [["openai", "openai"]])
      assert.deepStrictEqual(yield* named({ ANTHROPIC_API_KEY: "k", OPENAI_API_KEY: "k" }), [
        ["openai", "openai"],
        ["anthropic", "anthropic"],
      ])
      const listed = { DIRECT_LLM_PROVIDERS: "a", OPENAI_API_KEY: "k", ...provider("A", compatible) }
      assert.deepStrictEqual(yield* named(listed), [["a", "openai-compatible"]])
      assert.deepStrictEqual(yield* named({ OPENAI_API_KEY: "  " }), [])
    }),
  )

  it.effect("X6: do not print their keys", () =>
    Effect.gen(function* () {
      const settings = yield* Config.read({ OPENAI_API_KEY: "canary", ANTHROPIC_API_KEY: "canary" })
      assert.notInclude(JSON.stringify(settings.providers), "canary")
    }),
  )
})

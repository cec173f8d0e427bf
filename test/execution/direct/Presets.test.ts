/** A turn through each preset, from the environment to the wire, against a provider that refuses what the real one refuses. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Config from "../../../src/config/Config.ts"
import { presets } from "../../../src/domain/ProviderPreset.ts"
import { layerMemory } from "../../../src/execution/direct/AnswerCacheMemory.ts"
import { type ExecutionEvent, Executor } from "../../../src/execution/Executor.ts"
import { Modes } from "../../../src/execution/Modes.ts"
import * as Targets from "../../../src/execution/Targets.ts"
import { UpstreamHttp } from "../../../src/execution/UpstreamHttp.ts"
import * as StageSettings from "../../../src/app/StageSettings.ts"
import { agent, turn } from "../../support/fixtures.ts"
import { key, startStrict, strict } from "../../support/strictProviders.ts"
import { noFiles } from "../../support/heldFiles.ts"

type Fields = Readonly<Record<string, string>>

/** The answer of the environment's first provider to an agent with a limit and a temperature. */
const ask = (fields: Fields) =>
  Effect.gen(function* () {
    const variables = Object.entries(fields).map(([part, value]) => [`DIRECT_LLM_A_${part}`, value])
    const settings = yield* Config.read({
      DIRECT_LLM_PROVIDERS: "a",
      ...Object.fromEntries(variables),
    })
    const targets = Targets.layer(StageSettings.targets(settings)).pipe(
      Layer.provide([layerMemory("1 minute"), noFiles, UpstreamHttp.layer]),
    )
    const events: Array<ExecutionEvent> = []
    yield* Effect.gen(function* () {
      const [target] = (yield* Modes).targets("direct_llm")
      if (target === undefined) return assert.fail("there is no direct target")
      const { execute } = Context.get(target, Executor)
      const asked = turn({ agent: agent({ maxTokens: 3, temperature: 0.5 }) })
      yield* Stream.runForEach(execute(asked), (one) => Effect.sync(() => events.push(one)))
    }).pipe(Effect.provide(targets))
    const text = events.map((one) =>
      one._tag === "Message" && one.draft.type === "text" ? one.draft.data.content : "",
    )
    const end = events.at(-1)
    return { text: text.join(""), tokens: end?._tag === "Finished" ? end.usage?.tokens : undefined }
  })

const serving = (name: keyof typeof strict) =>
  Effect.acquireRelease(
    Effect.promise(() => startStrict(strict[name])),
    ({ stop }) => Effect.sync(stop),
  )

interface Case {
  readonly provider: keyof typeof strict
  readonly kind: string
  /** The provider's address on loopback. */
  readonly path: string
  readonly model?: string
  readonly fields?: Fields
  /** Each changes the preset so that the provider refuses the turn, with a status. */
  readonly refused: ReadonlyArray<readonly [Fields, number]>
  /** Each changes the preset so that the provider reads over the limit of tokens. */
  readonly unlimited?: ReadonlyArray<Fields>
}

const wrongHeader = { API_KEY_HEADER: "x-api-key" }
const completion = { MAX_TOKENS_FIELD: "max_completion_tokens" }

const cases: ReadonlyArray<Case> = [
  {
    provider: "azure",
    kind: "azure",
    path: "/openai/deployments/chat",
    model: "gpt-5-mini",
    refused: [
      [{ API_KEY_HEADER: "authorization" }, 401],
      [{ KIND: "openai-compatible", API_KEY_HEADER: "api-key", ...completion }, 404],
      [{ QUERY: "api-version=2024-06-01", STREAM_USAGE: "true" }, 400],
      [{ QUERY: "api-version=2024-06-01", ...completion }, 400],
      [{ MAX_TOKENS_FIELD: "max_tokens" }, 400],
    ],
    unlimited: [{ MAX_TOKENS_FIELD: "none" }],
  },
  {
    provider: "azure",
    kind: "azure",
    path: "/openai/deployments/chat/?api-version=2024-10-21",
    model: "gpt-4o",
    refused: [[{ BASE_URL: "/openai/deployments/other?api-version=2024-10-21" }, 404]],
  },
  {
    provider: "azure",
    kind: "azure",
    path: "/openai/deployments/chat/chat/completions?api-version=2024-06-01",
    model: "gpt-4o",
    refused: [[completion, 400]],
  },
  {
    provider: "azureV1",
    kind: "azure",
    path: "",
    model: "gpt-5-mini",
    refused: [
      [{ QUERY: "api-version=2024-10-21" }, 400],
      [{ KIND: "openai-compatible", BASE_URL: "/openai/v1" }, 401],
    ],
  },
  {
    provider: "ollama",
    kind: "ollama",
    path: "/v1",
    refused: [[{ BASE_URL: "/" }, 404]],
    unlimited: [completion],
  },
  {
    provider: "vllm",
    kind: "vllm",
    path: "/v1",
    refused: [
      [wrongHeader, 401],
      [completion, 400],
    ],
  },
  {
    provider: "openrouter",
    kind: "openrouter",
    path: "/api/v1",
    fields: { HEADERS: "HTTP-Referer: https://chat.example; X-Title: Chat" },
    refused: [
      [wrongHeader, 401],
      [{ STREAM_USAGE: "true" }, 400],
    ],
  },
  {
    provider: "deepseek",
    kind: "deepseek",
    path: "",
    refused: [[wrongHeader, 401]],
    unlimited: [completion],
  },
  {
    provider: "mistral",
    kind: "mistral",
    path: "/v1",
    refused: [
      [wrongHeader, 401],
      [{ STREAM_USAGE: "true" }, 422],
      [completion, 422],
      [{ KIND: "openai-compatible" }, 422],
    ],
  },
  {
    provider: "groq",
    kind: "groq",
    path: "/openai/v1",
    refused: [
      [wrongHeader, 401],
      [{ MAX_TOKENS_FIELD: "max_tokens" }, 400],
    ],
  },
  {
    provider: "gemini",
    kind: "gemini",
    path: "/v1beta/openai/",
    refused: [[{ API_KEY_HEADER: "x-goog-api-key" }, 401]],
  },
]

describe.each(cases)(
  "the preset $kind, at $path of $provider",
  ({ fields, kind, model = "m", path, provider, ...rest }) => {
    const set = (url: string, changes: Fields = {}): Fields => ({
      KIND: kind,
      API_KEY: key,
      MODEL: model,
      ...fields,
      ...changes,
      BASE_URL: `${url}${changes["BASE_URL"] ?? path}`,
    })

    it.live("asks so that the provider answers, within the limit, with its number of tokens", () =>
      Effect.gen(function* () {
        const { asked, url } = yield* serving(provider)
        const old = path.includes("2024-06-01")
        assert.deepStrictEqual(yield* ask(set(url)), {
          text: "one two three ",
          tokens: old ? undefined : 14,
        })
        const [{ body, headers } = assert.fail("nothing was asked")] = asked
        assert.notInclude(Object.values(body), null)
        assert.strictEqual(body["temperature"], model.startsWith("gpt-5") ? undefined : 0.5)
        if (fields?.["HEADERS"] !== undefined) {
          assert.strictEqual(headers["http-referer"], "https://chat.example")
        }
      }).pipe(Effect.scoped),
    )

    it.live("is what makes it answer", () =>
      Effect.gen(function* () {
        const { asked, url } = yield* serving(provider)
        for (const [changes, status] of rest.refused) {
          yield* Effect.flip(ask(set(url, changes)))
          assert.strictEqual(asked.at(-1)?.refused, status, JSON.stringify(changes))
        }
        for (const changes of rest.unlimited ?? []) {
          const { text } = yield* ask(set(url, changes))
          assert.strictEqual(text, "one two three four five")
        }
      }).pipe(Effect.scoped),
    )
  },
)

describe("every preset", () => {
  it("has a case here", () => {
    assert.sameMembers(
      [...new Set(cases.map(({ kind }) => kind))],
      Object.entries(presets).flatMap(([name, { kind }]) =>
        kind === "openai-compatible" && name !== kind ? [name] : [],
      ),
    )
  })

  it.live("can leave the temperature out", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serving("mistral")
      const fields = { KIND: "mistral", BASE_URL: `${url}/v1`, API_KEY: key, MODEL: "m" }
      yield* ask({ ...fields, TEMPERATURE: "false" })
      yield* ask({ ...fields, TEMPERATURE: "true" })
      assert.deepStrictEqual(
        asked.map(({ body }) => body["temperature"]),
        [undefined, 0.5],
      )
    }).pipe(Effect.scoped),
  )
})

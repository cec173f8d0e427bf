import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { startWarnings } from "../../src/cli/StartWarnings.ts"
import * as Config from "../../src/config/Config.ts"

const runtime = { RUNTIME_SERVICE_URL: "http://127.0.0.1:9" }
const provider = { OPENAI_API_KEY: "sk-not-a-key" }

const cases: ReadonlyArray<readonly [string, Config.Environment, ReadonlyArray<string>]> = [
  ["nothing is configured", {}, []],
  ["both modes are configured", { ...runtime, ...provider }, []],
  ["the runtime has no fallback", runtime, ["Set DIRECT_LLM_PROVIDERS to fall back"]],
  [
    "the runtime has no fallback in runtime mode",
    { ...runtime, CHAT_EXECUTION_MODE: "runtime_orchestrator" },
    ["Set DIRECT_LLM_PROVIDERS to fall back"],
  ],
  ["only direct mode is configured", provider, []],
  [
    "runtime mode has no runtime",
    { ...provider, CHAT_EXECUTION_MODE: "runtime_orchestrator" },
    ["in spite of CHAT_EXECUTION_MODE. Set RUNTIME_SERVICE_URL"],
  ],
  [
    "a share and organisations have no runtime",
    { ...provider, CHAT_RUNTIME_PERCENT: "5", CHAT_RUNTIME_ENABLED_ORGS: "acme" },
    ["in spite of CHAT_RUNTIME_PERCENT, CHAT_RUNTIME_ENABLED_ORGS"],
  ],
  [
    "a name is misspelt",
    { CHAT_EXECUTON_MODE: "direct_llm" },
    ["CHAT_EXECUTON_MODE has no effect: no variable has this name. Did you mean CHAT_EXECUTION_MODE?"],
  ],
  ["a value is ignored", { OTEL_TRACES_SAMPLER: "x" }, ["OTEL_TRACES_SAMPLER: found"]],
]

describe("a start warns if", () => {
  it.effect.each(cases)("%s", ([, env, expected]) =>
    Effect.gen(function* () {
      const warnings = startWarnings(yield* Config.read(env))
      assert.strictEqual(warnings.length, expected.length)
      expected.forEach((text, index) => assert.include(warnings[index], text))
    }),
  )
})

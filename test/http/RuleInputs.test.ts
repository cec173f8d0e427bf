import { assert, describe, it } from "@effect/vitest"
import { ruleInputs } from "../../src/http/RuleInputs.ts"

describe("the inputs of request rules", () => {
  it("is the headers that begin with x-, and never a credential or a cookie", () => {
    const { headers } = ruleInputs({
      authorization: "Bearer secret",
      cookie: "session=secret",
      "x-plan": "gold",
      "x-request-id": "r",
      xyz: "no",
      "user-agent": "no",
      "x-absent": undefined,
    })
    assert.deepStrictEqual(headers, { "x-plan": "gold", "x-request-id": "r" })
  })

  it.each([
    ["de-AT,de;q=0.9,en;q=0.5", "de"],
    ["EN", "en"],
    [" zh-Hant-TW", "zh"],
    ["fr;q=0.1, en", "fr"],
    ["*", undefined],
    ["", undefined],
    ["toolonglanguage", undefined],
    ["4u", undefined],
    ["de_AT", undefined],
    [undefined, undefined],
  ])("%j is the language %s", (acceptLanguage, language) => {
    assert.strictEqual(ruleInputs({ "accept-language": acceptLanguage }).language, language)
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { defaultAgentId } from "../../src/domain/Agent.ts"
import { hashOf, isKeyText, keyTextOf, looksLikeKey, prefixOf } from "../../src/domain/ApiKey.ts"
import { AgentId } from "../../src/domain/Ids.ts"
import { type AskedGrant, grantOf } from "../../src/domain/KeyGrant.ts"
import { type CallerKey, mayUseAgent, type Principal } from "../../src/domain/Principal.ts"
import { apiKey } from "../support/apiKeys.ts"
import { noon, principal } from "../support/fixtures.ts"

const { key, text } = apiKey(7)
const other = AgentId.make("00000000-0000-4000-8000-0000000000aa")
const third = AgentId.make("00000000-0000-4000-8000-0000000000bb")

describe("the text of an API key", () => {
  it("is sk- and 256 bits of base64url, and its prefix reveals nine characters of it", () => {
    assert.match(text, /^sk-[A-Za-z0-9_-]{43}$/)
    assert.isTrue(isKeyText(text))
    assert.strictEqual(prefixOf(text), text.slice(0, 9))
    assert.strictEqual(key.prefix, text.slice(0, 9))
    assert.notStrictEqual(keyTextOf(new Uint8Array(32).fill(1)), keyTextOf(new Uint8Array(32).fill(2)))
  })

  it.each([
    ["a prefix", text.slice(0, 9)],
    ["another case of the scheme", text.replace("sk-", "SK-")],
    ["a character less", text.slice(0, -1)],
    ["a character more", `${text}A`],
    ["a space behind", `${text} `],
    ["a line break behind", `${text}\n`],
    ["a NUL", `${text.slice(0, -1)}\0`],
    ["a lone surrogate", `${text.slice(0, -1)}\ud800`],
    ["padding", `${text.slice(0, -1)}=`],
    ["other base64", `${text.slice(0, -1)}/`],
    ["ten kilobytes", `sk-${"A".repeat(10_000)}`],
    ["nothing", ""],
    ["the scheme alone", "sk-"],
  ])("is not %s", (_, wrong) => {
    assert.isFalse(isKeyText(wrong))
    assert.notStrictEqual(hashOf(wrong), hashOf(text))
  })

  it("differs from a JSON Web Token in its first characters", () => {
    assert.isTrue(looksLikeKey("sk-"))
    for (const token of ["eyJhbGciOiJub25lIn0.e30.", "SK-x", " sk-x", ""]) assert.isFalse(looksLikeKey(token))
  })
})

const with_ = (permissions: ReadonlyArray<string>, limits?: Partial<CallerKey>): Principal => ({
  ...principal,
  permissions,
  ...(limits === undefined
    ? {}
    : { key: { id: key.id, agents: null, ratePerMinute: null, expiresAt: null, ...limits } }),
})
const granted = (creator: Principal, asked: AskedGrant) => grantOf(creator, asked, noon)
const refusal = (creator: Principal, asked: AskedGrant) =>
  Result.match(granted(creator, asked), {
    onFailure: (error) => error._tag,
    onSuccess: () => "granted",
  })

describe("the permissions of a new key", () => {
  it.each([
    ["chat:*", "chat:read", ""],
    ["chat:*", "chat:*", ""],
    ["chat:read chat:write", "chat:*", "chat:*"],
    ["chat:read", "chat:read chat:write keys:write", "chat:write keys:write"],
    ["*", "* admin:* keys:write", ""],
    ["chat:* sessions:* agents:* keys:* admin:*", "*", "*"],
    ["*", "operator:read", "operator:read"],
    ["*", "operator:*", "operator:*"],
    ["* operator:read", "operator:read", ""],
    ["* operator:read", "operator:write operator:*", "operator:write operator:*"],
    ["operator:*", "operator:read operator:* admin:read", "admin:read"],
    ["operator:*", "*", "*"],
  ])("are limited to the creator's: with %j, a request of %j lacks %j", (held, asked, lacking) => {
    const words = (list: string) => list.split(" ").filter((word) => word !== "")
    const result = granted(with_(words(held)), { permissions: words(asked) })
    if (lacking === "") {
      assert.deepInclude(Result.getOrThrow(result), { permissions: words(asked) })
    } else {
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result))
        assert.deepInclude(result.failure, { _tag: "GrantExceeded", permissions: words(lacking) })
    }
  })

  it("default to those for chatting, each once", () => {
    assert.deepStrictEqual(Result.getOrThrow(granted(with_(["*"]), {})), {
      permissions: ["chat:*", "sessions:*"],
      agents: null,
      expiresAt: null,
      ratePerMinute: null,
    })
    assert.strictEqual(refusal(with_(["chat:*", "keys:write"]), {}), "GrantExceeded")
    const twice = { permissions: ["chat:read", "chat:read"] }
    assert.deepStrictEqual(Result.getOrThrow(granted(with_(["*"]), twice)).permissions, ["chat:read"])
  })
})

describe("the limits of a new key", () => {
  const all = ["*"]

  it("are the requested ones if a token creates it", () => {
    const asked = { agents: [other, other], expiresAt: noon + 1, ratePerMinute: 5 }
    const { permissions: _, ...limits } = Result.getOrThrow(granted(with_(all), asked))
    assert.deepStrictEqual(limits, { agents: [other], expiresAt: noon + 1, ratePerMinute: 5 })
    assert.strictEqual(refusal(with_(all), { expiresAt: noon }), "ExpiryInvalid")
  })

  it("never exceed those of the key that creates it, whose limits it inherits", () => {
    const creator = with_(all, { agents: [defaultAgentId, other], expiresAt: noon + 1000 })
    for (const none of [{}, { agents: null, expiresAt: null }]) {
      const { agents, expiresAt } = Result.getOrThrow(granted(creator, none))
      assert.deepStrictEqual([agents, expiresAt], [[defaultAgentId, other], noon + 1000])
    }
    assert.strictEqual(refusal(creator, { agents: [other], expiresAt: noon + 999 }), "granted")
    assert.strictEqual(refusal(creator, { agents: [other, third] }), "AgentDenied")
    assert.strictEqual(refusal(creator, { expiresAt: noon + 1001 }), "ExpiryInvalid")
    const limitless = with_(all, {})
    assert.strictEqual(
      refusal(limitless, { agents: [third], expiresAt: noon + 9, ratePerMinute: 9 }),
      "granted",
    )
  })

  it("are refused to a key with a rate, because several keys would have several rates", () => {
    const creator = with_(all, { ratePerMinute: 10 })
    assert.strictEqual(refusal(creator, { ratePerMinute: 10 }), "RateNotDivisible")
    assert.strictEqual(refusal(creator, {}), "RateNotDivisible")
  })

  it("restrict agents to the listed ones, or to all", () => {
    assert.isTrue(mayUseAgent(with_(all), third))
    assert.isTrue(mayUseAgent(with_(all, {}), third))
    assert.isTrue(mayUseAgent(with_(all, { agents: [third] }), third))
    assert.isFalse(mayUseAgent(with_(all, { agents: [other] }), third))
    assert.isFalse(mayUseAgent(with_(all, { agents: [] }), third))
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { grantable } from "../../src/domain/Operators.ts"
import { missingPermissions } from "../../src/domain/Principal.ts"
import { isSane } from "../../src/http/RequestId.ts"
import { principal } from "../support/fixtures.ts"

const missing = (granted: ReadonlyArray<string>, required: ReadonlyArray<string>) =>
  missingPermissions({ ...principal, permissions: granted }, required)

const known = [
  "chat:read",
  "chat:write",
  "sessions:write",
  "admin:read",
  "admin:write",
  "operator:read",
  "operator:write",
] as const
const grants = Schema.Array(
  Schema.Literals([...known, "*", "chat:*", "sessions:*", "admin:*", "operator:*", "chat", ""]),
)
const needs = Schema.Array(Schema.Literals(known))

describe("fault 18: permissions are ALL-of", () => {
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ["chat:write", "chat:write sessions:write", "sessions:write"],
    ["chat:write sessions:write", "chat:write sessions:write", ""],
    ["", "chat:write sessions:write", "chat:write sessions:write"],
    ["", "", ""],
    ["*", "chat:write sessions:write admin:write", ""],
    ["chat:*", "chat:read chat:write", ""],
    ["chat:*", "chat:write sessions:write", "sessions:write"],
    ["chat:*", "chatter:read", "chatter:read"],
    ["chat", "chat:read", "chat:read"],
    ["chat:", "chat:read", "chat:read"],
    ["chat:re", "chat:read", "chat:read"],
    ["chat:re*", "chat:read", "chat:read"],
    ["cha*", "chat:read", "chat:read"],
    ["*:read", "chat:read", "chat:read"],
    [":*", "chat:read", "chat:read"],
    ["CHAT:READ", "chat:read", "chat:read"],
    ["chat:read", "chat:*", "chat:*"],
    ["* admin:* operator *:* :*", "operator:read operator:write", "operator:read operator:write"],
    ["* admin:*", "operator:* operator", "operator:* operator"],
    ["operator:*", "operator:read operator:write", ""],
    ["operator:read", "operator:read operator:write", "operator:write"],
    ["operator:*", "admin:read chat:read", "admin:read chat:read"],
    ["OPERATOR:*", "operator:read", "operator:read"],
  ]
  it.each(cases)("grants %j, needs %j, lacks %j", (granted, required, expected) => {
    const words = (text: string) => text.split(" ").filter((word) => word !== "")
    assert.deepStrictEqual(missing(words(granted), words(required)), words(expected))
  })

  it.prop(
    "a further grant never takes one away, and each requirement stands alone",
    [grants, grants, needs],
    ([some, more, required]) => {
      const before = missing(some, required)
      const after = missing([...some, ...more], required)
      for (const permission of after) assert.include(before, permission)
      assert.deepStrictEqual(
        before,
        required.filter((permission) => missing(some, [permission]).length > 0),
      )
    },
  )
})

describe("grantable permissions", () => {
  const asked = [
    "*",
    "admin:*",
    "chat:read",
    "operator:*",
    "operator:read",
    "operator",
    "Operator:write",
    "operators:x",
  ]

  it("keep those of operators for sources that are configured for them", () => {
    assert.deepStrictEqual(grantable(asked, true), asked)
    assert.deepStrictEqual(grantable(asked, false), ["*", "admin:*", "chat:read", "operators:x"])
  })

  it.prop("never cover an operator's permission if they come from other sources", [grants], ([given]) => {
    const needed = ["operator:read", "operator:write"]
    assert.deepStrictEqual(missing(grantable(given, false), needed), needed)
  })
})

describe("a caller's request id", () => {
  it.each(["r", "req-42", "0af7651916cd43dd8448eb211c80319c", "a.b_c:d-E9", "x".repeat(128)])(
    "%j is kept",
    (id) => {
      assert.isTrue(isSane(id))
    },
  )

  it.each([
    ...[
      "",
      " ",
      "a b",
      "a\nb",
      "a\r\nx-admin: 1",
      "x\n",
      "\0",
      "\u001b[31m",
      "é",
      "🙂",
      "$(id)",
      "a;b",
      "<b>",
      "a/b",
      '"',
    ],
    "x".repeat(129),
  ])("X11: %j is not", (id) => {
    assert.isFalse(isSane(id))
  })
})

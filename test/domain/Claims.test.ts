import { assert, describe, it } from "@effect/vitest"
import { claimAt, claimsOf, faultOf, principalOf } from "../../src/domain/Claims.ts"
import { defaults, type TokenRules } from "../../src/domain/TokenRules.ts"
import { orgId, userId } from "../support/fixtures.ts"

describe("a claim's path", () => {
  it("is a name, or names separated by dots; a name may contain dots itself", () => {
    const claims = {
      org: "plain",
      "https://id.example/org": "namespaced",
      "https://id.example/app": { org: { id: "in a namespaced claim" } },
      o: { id: "nested" },
      resource_access: { "my.app": { roles: ["in a name with dots"] } },
      "a.b": "whole",
      a: { b: "parts", c: null },
      "": { x: "empty" },
    }
    assert.strictEqual(claimAt(claims, "org"), "plain")
    assert.strictEqual(claimAt(claims, "https://id.example/org"), "namespaced")
    assert.strictEqual(claimAt(claims, "https://id.example/app.org.id"), "in a namespaced claim")
    assert.strictEqual(claimAt(claims, "o.id"), "nested")
    assert.deepStrictEqual(claimAt(claims, "resource_access.my.app.roles"), ["in a name with dots"])
    assert.strictEqual(claimAt(claims, "a.b"), "whole")
    for (const path of ["a.c", "a.b.c", "x", "o.x", "org.length", ".x", "a.", ".", "a..b"])
      assert.isUndefined(claimAt(claims, path), path)
  })

  it("X1: reaches neither built-in properties of objects nor list items", () => {
    for (const path of [
      "constructor",
      "__proto__",
      "toString",
      "o.constructor.name",
      "o.__proto__",
      "list.0",
    ])
      assert.isUndefined(claimAt({ o: {}, list: ["x"] }, path), path)
    // JSON.parse makes it an own property.
    assert.isUndefined(claimAt(JSON.parse('{"o": {"__proto__": null}}'), "o.__proto__.id"))
  })
})

describe("a principal", () => {
  const read = (rules: Partial<TokenRules>, claims: Record<string, unknown>) =>
    principalOf({ ...defaults, ...rules }, { sub: "ana", org_id: "acme", ...claims })
  const ids = (rules: Partial<TokenRules>, claims: Record<string, unknown>): unknown => {
    const found = read(rules, claims)
    return typeof found === "string" ? found : [found.orgId, found.userId]
  }
  const permissions = (rules: Partial<TokenRules>, claims: Record<string, unknown>) => {
    const found = read(rules, claims)
    return typeof found === "string" ? found : found.permissions
  }
  const grants = [
    { role: "admin", permissions: ["*"] },
    { role: "member", permissions: ["chat:*", "sessions:write"] },
  ]

  it("has the first organisation and user that the token names; null counts as absent", () => {
    const rules = { org: ["orgId", "o.id", "org_id"], user: ["userId", "sub"] }
    assert.deepStrictEqual(ids(rules, {}), ["acme", "ana"])
    assert.deepStrictEqual(ids(rules, { o: { id: "clerk" } }), ["clerk", "ana"])
    assert.deepStrictEqual(ids(rules, { orgId: "old", o: { id: "clerk" }, userId: "u" }), ["old", "u"])
    assert.deepStrictEqual(ids(rules, { orgId: null, userId: null }), ["acme", "ana"])
    // A claim of a wrong type is an error; no other claim is tried.
    for (const wrong of ["", 7, true, {}, [], ["a", "b"], [7]]) assert.isString(read(rules, { orgId: wrong }))
  })

  it("has the only organisation of a list", () => {
    assert.deepStrictEqual(ids({ org: ["organization"] }, { organization: ["acme"] }), ["acme", "ana"])
    assert.isString(read({ org: ["organization"] }, { organization: ["acme", "umbrella"] }))
  })

  it("has the permissions of the token and of its roles, each once", () => {
    assert.deepStrictEqual(permissions({ grants }, { permissions: ["chat:*", "x"], role: "member" }), [
      "chat:*",
      "x",
      "sessions:write",
    ])
    assert.deepStrictEqual(permissions({ grants }, { roles: ["member", "admin"] }), [
      "*",
      "chat:*",
      "sessions:write",
    ])
    const nested = { grants, roles: ["realm_access.roles", "cognito:groups"] }
    assert.deepStrictEqual(
      permissions(nested, { realm_access: { roles: ["x"] }, "cognito:groups": ["admin"] }),
      ["*"],
    )
  })

  it("X1: gets no permission from a role in another case, a part of a role, or a role of another type", () => {
    for (const role of [
      "Admin",
      "admin ",
      "admin,member",
      "admin member",
      "adm",
      ["Admin"],
      [["admin"]],
      { admin: 1 },
      1,
    ])
      assert.deepStrictEqual(permissions({ grants }, { role }), [], JSON.stringify(role))
    // Roles grant nothing if none is configured.
    assert.deepStrictEqual(permissions({}, { role: "admin" }), [])
  })

  it.each([
    [{ issuers: ["a", "b"] }, [{ iss: "a" }, { iss: "b" }], [{}, { iss: "c" }, { iss: ["a"] }, { iss: "A" }]],
    [
      { audiences: ["a"] },
      [{ aud: "a" }, { aud: ["x", "a"] }],
      [{}, { aud: "x" }, { aud: [] }, { aud: ["x"] }, { aud: "aa" }, { aud: { a: 1 } }],
    ],
    [{ audiences: ["a"], audienceClaim: "azp" }, [{ azp: "a" }], [{ aud: "a" }, { azp: "b", aud: "a" }]],
    [
      { required: [{ claim: "token_use", value: "access" }] },
      [{ token_use: "access" }],
      [{}, { token_use: "id" }, { token_use: ["access"] }, { token_use: null }],
    ],
    [{ required: [{ claim: "a.b", value: "true" }] }, [{ a: { b: true } }], [{ a: { b: false } }, { a: {} }]],
    [{ requireExpiry: false }, [{ exp: undefined }], []],
    [{}, [{}], [{ exp: undefined }]],
  ] as ReadonlyArray<
    [Partial<TokenRules>, ReadonlyArray<Record<string, unknown>>, ReadonlyArray<Record<string, unknown>>]
  >)("X1: for %j accept %j and refuse %j", (rules, good, bad) => {
    const fault = (claims: Record<string, unknown>) =>
      faultOf({ ...defaults, ...rules }, { exp: 1, ...claims })
    for (const claims of good) assert.isUndefined(fault(claims), JSON.stringify(claims))
    for (const claims of bad) assert.isString(fault(claims), JSON.stringify(claims))
  })

  it("is restored from the claims that the service itself writes, under any rules", () => {
    const rules: TokenRules = {
      ...defaults,
      issuers: ["https://id.example/"],
      audiences: ["chat"],
      audienceClaim: "client_id",
      required: [{ claim: "token_use", value: "access" }],
      org: ["https://id.example/org", "org_id"],
      user: ["user.id"],
      permissions: ["scp"],
    }
    const principal = { orgId, userId, permissions: ["chat:*", "admin:read"] }
    for (const one of [rules, defaults]) {
      const claims = claimsOf(one, principal)
      assert.isUndefined(faultOf(one, { ...claims, exp: 1 }))
      assert.deepStrictEqual(principalOf(one, claims), principal)
    }
  })
})

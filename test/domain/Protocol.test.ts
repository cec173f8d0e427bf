import { assert, it } from "@effect/vitest"
import { defaultProtocol, type ProtocolDefaults } from "../../src/domain/Protocol.ts"

const defaults: ProtocolDefaults = {
  protocol: 2,
  rules: [
    { by: "org", value: "acme", protocol: 1 },
    { by: "origin", value: "https://new.example", protocol: 2 },
    { by: "origin", value: "https://*.old.example", protocol: 1 },
  ],
}

it("a client that requests no protocol gets the one of its page's origin, then of its organisation, then the default", () => {
  assert.strictEqual(defaultProtocol(defaults, "acme", "https://new.example"), 2)
  assert.strictEqual(defaultProtocol(defaults, "umbrella", "https://a.old.example"), 1)
  assert.strictEqual(defaultProtocol(defaults, "acme", "https://other.example"), 1)
  assert.strictEqual(defaultProtocol(defaults, "acme", undefined), 1)
  assert.strictEqual(defaultProtocol(defaults, "umbrella", undefined), 2)
  assert.strictEqual(defaultProtocol({ protocol: 1, rules: [] }, "umbrella", undefined), 1)
})

import { assert, describe, it } from "@effect/vitest"
import type { ProtocolDefaults } from "../../src/domain/ProtocolDefaults.ts"
import { version1 } from "../../src/protocol/agent2ui/Version1.ts"
import { version2 } from "../../src/protocol/agent2ui/Version2.ts"
import {
  errorProtocol,
  protocolNames,
  type StreamCaller,
  streamProtocol,
} from "../../src/protocol/Protocols.ts"

const defaults: ProtocolDefaults = {
  protocol: 2,
  rules: [
    { by: "org", value: "acme", protocol: 1 },
    { by: "origin", value: "https://new.example", protocol: 2 },
    { by: "origin", value: "https://*.old.example", protocol: 1 },
  ],
}

const protocolOf = (caller: Partial<StreamCaller>) =>
  streamProtocol({ orgId: "umbrella", origin: undefined, ...caller }, defaults)

describe("the output protocol of a stream", () => {
  it("is chosen by the page's origin, then by the organisation, then by the default", () => {
    assert.strictEqual(protocolOf({ orgId: "acme", origin: "https://new.example" }), version2)
    assert.strictEqual(protocolOf({ origin: "https://a.old.example" }), version1)
    assert.strictEqual(protocolOf({ orgId: "acme", origin: "https://other.example" }), version1)
    assert.strictEqual(protocolOf({ orgId: "acme" }), version1)
    assert.strictEqual(protocolOf({}), version2)
    const older = { protocol: 1, rules: [] } as const
    assert.strictEqual(streamProtocol({ orgId: "umbrella", origin: undefined }, older), version1)
  })

  it("is the one that the client asks for, the parameter before the header", () => {
    assert.strictEqual(protocolOf({ orgId: "acme", parameter: "2" }), version2)
    assert.strictEqual(protocolOf({ header: " 1 " }), version1)
    assert.strictEqual(protocolOf({ parameter: "2", header: "1" }), version2)
    assert.strictEqual(protocolOf({ parameter: "", header: "1" }), version1)
  })

  it("ignores a name that is not registered", () => {
    for (const header of ["3", "constructor", "toString", ""])
      assert.strictEqual(protocolOf({ orgId: "acme", header }), version1)
  })
})

it("an error response uses the named protocol, and version 2 where none is named", () => {
  assert.strictEqual(errorProtocol("/", { parameter: "1" }), version1)
  assert.strictEqual(errorProtocol("/", { header: "x" }), version2)
  assert.strictEqual(errorProtocol("/", {}), version2)
})

it("the names are the values of the parameter in the API description", () => {
  assert.deepStrictEqual(protocolNames, ["1", "2"])
})

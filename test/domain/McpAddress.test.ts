import { assert, describe, it } from "@effect/vitest"
import * as AllowedHost from "../../src/domain/AllowedHost.ts"
import * as McpAddress from "../../src/domain/McpAddress.ts"
import {
  byName,
  confusing,
  embedded,
  loopback,
  metadata,
  odd,
  privateRanges,
  schemes,
} from "./hostileAddresses.ts"

const hosts = (...texts: ReadonlyArray<string>): AllowedHost.AllowedHosts => {
  const parsed = AllowedHost.parse(texts)
  assert.isDefined(parsed)
  return parsed
}
const none = hosts()
const problem = (text: string, allowed = none) => McpAddress.problemOf(text, allowed)

describe("X5: an address of an MCP server", () => {
  it.each([...loopback, ...privateRanges, ...metadata, ...embedded, ...byName])(
    "is refused if its host is private: %s",
    (text) => assert.match(problem(text) ?? "", /^Expected a public host/),
  )

  it.each([...odd, ...confusing, ...schemes])("is refused if parsers may disagree about it: %j", (text) =>
    assert.match(problem(text) ?? "", /^Expected/),
  )

  it.each([
    "https://user:password@mcp.example/",
    "https://user@mcp.example/",
    "https://@mcp.example/",
    "https://:password@mcp.example/",
    "http://mcp.example@127.0.0.1/",
    "http://mcp.example:80@127.0.0.1/",
    "http://a@b@127.0.0.1/",
  ])("is refused with a user name or a password: %s", (text) =>
    assert.match(problem(text) ?? "", /without user name and password/),
  )

  it.each([22, 25, 53, 110, 389, 445, 1023, 0].map((port) => `https://mcp.example:${port}/`))(
    "is refused with a port of another protocol: %s",
    (text) => assert.match(problem(text) ?? "", /^Expected port/),
  )

  it("is refused in a message that repeats none of it", () => {
    for (const text of [...loopback, ...privateRanges, ...metadata, ...embedded, ...byName])
      assert.notInclude(problem(text), new URL(text).hostname)
  })

  it.each([
    "https://mcp.example",
    "https://mcp.example/",
    "https://MCP.Example/Path?q=a%20b#part",
    "HTTPS://mcp.example/",
    "http://mcp.example/sse",
    "https://mcp.example./",
    "https://mcp.example:443/",
    "https://mcp.example:8443/",
    "http://mcp.example:80/",
    "http://mcp.example:1024/",
    "https://a-b.c_d.mcp.example.co.uk/v1/@scope/server?redirect=http://127.0.0.1/",
    "https://xn--bcher-kva.example/",
    "https://localhost.example/",
    "https://internal.example/",
    "https://not-internal.example/",
    "https://mylvh.me.example/",
    "http://8.8.8.8/",
    "http://1.1.1.1:8080/",
    "http://172.15.255.255/",
    "http://172.32.0.1/",
    "http://100.63.255.255/",
    "http://100.128.0.1/",
    "http://169.253.255.255/",
    "http://192.167.255.255/",
    "http://223.255.255.255/",
    "http://[2606:4700:4700::1111]/",
    "http://[2a00:1450:4001::200e]:8080/",
  ])("may be %s", (text) => assert.isUndefined(problem(text)))

  it("covers more than 100 hostile addresses", () => {
    const all = [loopback, privateRanges, metadata, embedded, odd, confusing, schemes, byName].flat()
    assert.isAbove(new Set(all).size, 150)
  })
})

describe("hosts that the operator allows", () => {
  const allowed = hosts(
    "localhost",
    "*.svc.cluster.local",
    "10.1.0.0/16",
    "192.168.7.9",
    "fd12::/16",
    "[::1]",
    "MCP.internal",
  )

  it.each([
    "http://localhost:9/",
    "http://localhost./",
    "http://mcp.tools.svc.cluster.local:8080/mcp",
    "http://10.1.2.3/",
    "http://192.168.7.9:25/",
    "http://[fd12::5]/",
    "http://[::1]:3000/",
    "http://mcp.internal/",
  ])("may be private: %s", (text) => assert.isUndefined(problem(text, allowed)))

  it.each([
    "http://svc.cluster.local/",
    "http://a.localhost/",
    "http://evil-svc.cluster.local/",
    "http://10.2.0.1/",
    "http://192.168.7.10/",
    "http://[fd13::5]/",
    "http://other.internal/",
    "http://mcp.internal.lan/",
    "http://127.0.0.1/",
    "http://user@localhost/",
    "file://localhost/etc/passwd",
    "http://0xa010203/",
  ])("do not allow other hosts: %s", (text) => assert.isDefined(problem(text, allowed)))

  it("do not restrict public hosts", () => assert.isUndefined(problem("https://mcp.example/", allowed)))
})

describe("an address in an answer", () => {
  it.each([
    ["https://user:password@mcp.example/p@th", "https://mcp.example/p@th"],
    ["https://a@b@mcp.example", "https://mcp.example"],
    ["https://mcp.example/?q=a@b", "https://mcp.example/?q=a@b"],
    ["redis://:secret@mcp.example", "redis://mcp.example"],
    ["//user:password@mcp.example", "//mcp.example"],
    ["plain text", "plain text"],
  ])("has no user name and password: %s", (text, shown) =>
    assert.strictEqual(McpAddress.withoutUserinfo(text), shown),
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as AllowedHost from "../../src/domain/AllowedHost.ts"
import * as McpAddress from "../../src/domain/McpAddress.ts"

const hosts = (...texts: ReadonlyArray<string>): AllowedHost.AllowedHosts => {
  const parsed = AllowedHost.parse(texts)
  assert.isDefined(parsed)
  return parsed
}
const none = hosts()
const problem = (text: string, allowed = none) => McpAddress.problemOf(text, allowed)

const loopback = [
  "http://127.0.0.1/",
  "http://127.0.0.1:8080/mcp",
  "http://127.1.2.3/",
  "http://127.255.255.254/",
  "http://localhost/",
  "http://LOCALHOST/",
  "http://localhost:3000/mcp",
  "http://localhost./",
  "http://mcp.localhost/",
  "http://a.b.localhost:9/",
  "http://localhost.localdomain/",
  "http://[::1]/",
  "http://[::1]:8080/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
  "http://[::]/",
  "http://0.0.0.0/",
  "http://0.0.0.0:8801/",
  "http://0.1.2.3/",
]
const privateRanges = [
  "http://10.0.0.1/",
  "http://10.255.255.255/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.0.1/",
  "http://192.168.255.255:9000/",
  "http://100.64.0.1/",
  "http://100.100.100.200/latest/meta-data/",
  "http://100.127.255.255/",
  "http://198.18.0.1/",
  "http://198.19.255.255/",
  "http://192.0.0.192/opc/v1/",
  "http://192.0.2.1/",
  "http://198.51.100.1/",
  "http://203.0.113.1/",
  "http://192.88.99.1/",
  "http://224.0.0.1/",
  "http://239.255.255.250:1900/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://[fc00::1]/",
  "http://[fd00:ec2::254]/latest/meta-data/",
  "http://[fdff:ffff::1]/",
  "http://[fe80::1]/",
  "http://[febf::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[ff0e::1]/",
  "http://[100::1]/",
  "http://[2001:db8::1]/",
  "http://[3fff::1]/",
  "http://[5f00::1]/",
]
const metadata = [
  "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
  "http://169.254.170.2/v2/credentials",
  "http://169.254.0.1/",
  "http://168.63.129.16/machine?comp=goalstate",
  "http://metadata.google.internal/computeMetadata/v1/",
  "http://METADATA.google.internal./computeMetadata/v1/",
  "http://metadata/",
  "http://instance-data/latest/",
  "http://host.docker.internal:2375/",
  "http://gateway.docker.internal/",
  "http://ip-10-0-0-1.ec2.internal/",
  "http://api.internal/",
  "http://printer.local/",
  "http://wiki.corp/",
  "http://nas.home.arpa/",
  "http://router.lan/",
  "http://fritz.home/",
  "http://files.intranet/",
  "http://db.private/",
  "http://vault.service.consul:8200/",
  "http://kubernetes.default.svc/",
  "https://kubernetes.default.svc.cluster.local/",
  "http://kubernetes/",
  "http://redis:6379/",
  "http://postgres/",
  "http://my_mcp:8080/",
  "http://runtime:8801/api/v1/execute/stream",
]
const embedded = [
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::ffff:8.8.8.8]/",
  "http://[::127.0.0.1]/",
  "http://[::7f00:1]/",
  "http://[::10.0.0.1]/",
  "http://[64:ff9b::127.0.0.1]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[64:ff9b:1::a00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2002:a9fe:a9fe::1]/",
  "http://[2002:c0a8:1::]/",
  "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
  "http://[2001::1]/",
  "http://[2001:10::1]/",
  "http://[::ffff:0:7f00:1]/",
]
const odd = [
  "http://2130706433/",
  "http://2852039166/latest/meta-data/",
  "http://0x7f000001/",
  "http://0x7f.0x0.0x0.0x1/",
  "http://0xa9fea9fe/",
  "http://017700000001/",
  "http://0177.0.0.1/",
  "http://0177.0.0.0x1/",
  "http://127.1/",
  "http://127.0.1/",
  "http://10.1/",
  "http://0/",
  "http://0x0/",
  "http://127.0.0.1./",
  "http://127.0.0.01/",
  "http://127.000.000.001/",
  "http://134744072/",
  "http://8.8.8.8./",
  "http://①②⑦.⓪.⓪.①/",
  "http://１２７.０.０.１/",
  "http://127。0。0。1/",
  "http://127．0．0．1/",
  "http://ｌｏｃａｌｈｏｓｔ/",
  "http://ⓛocalhost/",
  "http://local\u00adhost/",
  "http://loc\u200dalhost/",
  "http://ßpecial.example/",
  "http://%31%32%37.0.0.1/",
  "http://127.0.0.1%00.example.com/",
  "http://%6c%6f%63%61%6c%68%6f%73%74/",
  "http://127.0.0.1%2f.example.com/",
  "http://[fe80::1%25eth0]/",
  "http://[::1/",
  "http://::1/",
  "http://[127.0.0.1]/",
  "http://256.0.0.1/",
  "http://1.2.3.4.5/",
  "http://xn--/",
  "http://mcp..example/",
  "http://.mcp.example/",
]
const confusing = [
  "http://evil.example\\@127.0.0.1/",
  "http://127.0.0.1\\@evil.example/",
  "http:\\\\127.0.0.1/",
  "http:/127.0.0.1/",
  "http:127.0.0.1/",
  "http:///127.0.0.1/",
  "http:////127.0.0.1/",
  "//127.0.0.1/",
  "127.0.0.1",
  "mcp.example",
  "/mcp",
  " http://mcp.example/",
  "http://mcp.example/ ",
  "ht\ntp://127.0.0.1/",
  "http://mcp.example/\r\nHost: 127.0.0.1",
  "http://127.0.0.1\t/",
  "http://mcp.example/a b",
  "http://mcp.example/\u0000",
  "http://mcp.example/é",
  "http://mcp.example/a\\..\\b",
  "http://mcp.example:/",
  "http://mcp.example:+80/",
  "http://mcp.example:99999/",
  "http://mcp.example:80a/",
  "",
  "http://",
  "https://?",
  "https://#",
  "http://:80/",
]
const schemes = [
  "file:///etc/passwd",
  "file://127.0.0.1/etc/passwd",
  "ftp://mcp.example/",
  "gopher://mcp.example:70/_x",
  "dict://mcp.example:11211/stats",
  "ldap://mcp.example/",
  "unix:///var/run/docker.sock",
  "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
  "ws://mcp.example/",
  "wss://mcp.example/",
  "data:text/plain,x",
  "javascript:alert(1)",
  "jar:http://mcp.example!/",
  "stdio:///bin/sh",
  "npx some-server",
]
const byName = [
  "http://127.0.0.1.nip.io/",
  "http://10-0-0-1.sslip.io/",
  "http://a.xip.io/",
  "http://localtest.me/",
  "http://x.localtest.me/",
  "http://lvh.me:3000/",
  "http://7f000001.c0a80001.rbndr.us/",
  "http://make-1-1-1-1-rebind-127-0-0-1.1u.ms/",
]

describe("X5: an address of an MCP server", () => {
  it.each([...loopback, ...privateRanges, ...metadata, ...embedded, ...byName])(
    "is refused when its host is private: %s",
    (text) => assert.match(problem(text) ?? "", /^Expected a public host/),
  )

  it.each([...odd, ...confusing, ...schemes])("is refused when parsers may differ over it: %j", (text) =>
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

  it("is refused in words that repeat nothing of it", () => {
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
  ])("allow no other: %s", (text) => assert.isDefined(problem(text, allowed)))

  it("take nothing from public hosts", () => assert.isUndefined(problem("https://mcp.example/", allowed)))
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

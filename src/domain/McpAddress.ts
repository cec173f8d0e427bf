/**
 * The addresses of MCP servers that an agent may name: http(s) on a public host, or on one that the operator allows.
 * Pure. The runtime connects with its own URL parser, so only spellings that all parsers read alike pass: ASCII,
 * canonical IPv4, no user name, no backslash. The runtime's network policy must stop a public name that resolves to a
 * private address.
 */
import { BlockList } from "node:net"
import { type AllowedHosts, allows, familyOf } from "./AllowedHost.ts"

const spelling =
  "Expected an http:// or https:// URL in printable ASCII, with a host name or an address as usually written"
const userinfo = "Expected a URL without user name and password; credentials belong into authConfig"
const ports = "Expected port 80, 443, or one from 1024 to 65535"
const privateHost =
  "Expected a public host; the operator of this service can allow others (MCP_ALLOWED_HOSTS)"

/** https://www.iana.org/assignments/iana-ipv4-special-registry, multicast, and Azure's metadata host. */
const privateV4: ReadonlyArray<readonly [string, number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]

/**
 * Nothing outside 2000::/3 is public: loopback, mapped and compatible IPv4, NAT64, ULA, link-local, multicast. Inside
 * it, https://www.iana.org/assignments/iana-ipv6-special-registry: Teredo and its neighbours, documentation, 6to4.
 */
const privateInV6: ReadonlyArray<readonly [string, number]> = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]

const blocksOf = (blocks: ReadonlyArray<readonly [string, number]>, family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList()
  for (const [address, prefix] of blocks) list.addSubnet(address, prefix, family)
  return list
}

const v4 = blocksOf(privateV4, "ipv4")
const v6 = blocksOf(privateInV6, "ipv6")
const globalV6 = blocksOf([["2000::", 3]], "ipv6")

/** Zones of private networks (RFC 6761, 6762, 8375, ICANN's `internal`, those of resolvers and Kubernetes). */
const privateZones = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "home.arpa",
  "lan",
  "svc",
  "consul",
  // Public names that resolve to private addresses on purpose.
  "nip.io",
  "sslip.io",
  "xip.io",
  "localtest.me",
  "lvh.me",
  "vcap.me",
  "lacolhost.com",
  "traefik.me",
  "localho.st",
  "rbndr.us",
  "1u.ms",
]

/** `address`: an IPv4 or IPv6 address without brackets. */
const isPrivateAddress = (address: string): boolean =>
  familyOf(address) === "ipv4"
    ? v4.check(address, "ipv4")
    : !globalV6.check(address, "ipv6") || v6.check(address, "ipv6")

/** Only a search list resolves a name without a dot, so such a name is private. */
const isPrivate = (host: string): boolean =>
  familyOf(host) === undefined
    ? !host.includes(".") || privateZones.some((zone) => host === zone || host.endsWith(`.${zone}`))
    : isPrivateAddress(host)

const address = /^https?:\/\/([^/?#\\]*)(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/i
const authority = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::\d{1,5})?$/i

/** Lower case, without brackets and final dot. Undefined: parsers may read the host differently. */
const hostOf = (written: string, { hostname }: URL): string | undefined => {
  if (written.startsWith("[")) return hostname.slice(1, -1)
  // One parser rewrites octal, hexadecimal, decimal and short forms of IPv4; another resolves them as names.
  return written.toLowerCase() === hostname ? hostname.replace(/\.$/, "") : undefined
}

const isUsualPort = (port: string): boolean =>
  port === "" || port === "80" || port === "443" || Number(port) >= 1024

/** The broken rule, without any part of `text`; undefined if the address is allowed. */
export const problemOf = (text: string, allowed: AllowedHosts): string | undefined => {
  const place = address.exec(text)?.[1]
  if (place === undefined) return spelling
  if (place.includes("@")) return userinfo
  const written = authority.exec(place)?.[1]
  const url = URL.parse(text)
  const host = written === undefined || url === null ? undefined : hostOf(written, url)
  if (host === undefined || url === null) return spelling
  if (allows(allowed, host)) return undefined
  if (isPrivate(host)) return privateHost
  return isUsualPort(url.port) ? undefined : ports
}

/** The address without user name and password, for any text. */
export const withoutUserinfo = (text: string): string =>
  text.replace(/^([a-z][a-z0-9+.-]*:)?([/\\]{2})[^/?#\\]*@/i, "$1$2")

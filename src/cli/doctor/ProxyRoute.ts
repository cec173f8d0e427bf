/** The way of a request to an upstream: direct, or through a forward proxy. The rules are those of undici. Pure. */
import * as Redacted from "effect/Redacted"
import type { ProxySettings } from "../../execution/UpstreamProxy.ts"

/** Without its credentials. */
const addressOf = (proxy: Redacted.Redacted<string>): string => {
  const { host, protocol } = new URL(Redacted.value(proxy))
  return `${protocol}//${host}`
}

const defaultPort = (protocol: string) => (protocol === "https:" ? 443 : 80)

const bare = (host: string) => host.replace(/^\[|\]$/g, "").toLowerCase()

const isExcepted = (hostname: string, port: number, entry: string): boolean => {
  const [, inBrackets, ipPort, plain = "", plainPort] = /^(?:\[(.+)\](?::(\d+))?|([^:]*)(?::(\d+))?)$/.exec(
    entry,
  ) ?? [entry, entry]
  const entryPort = ipPort ?? plainPort
  if (entryPort !== undefined && Number(entryPort) !== port) return false
  const name = (inBrackets ?? plain).toLowerCase()
  if (name === "*") return true
  const suffix = name.replace(/^\*?\./, "")
  const isWildcard = name.startsWith("*.")
  return (!isWildcard && hostname === suffix) || hostname.endsWith(`.${suffix}`)
}

/** The proxy's address without credentials; undefined: direct. */
export const proxyOf = (url: string, { except, http, https }: ProxySettings): string | undefined => {
  const { hostname, port, protocol } = new URL(url)
  const proxy = protocol === "https:" ? (https ?? http) : http
  if (proxy === undefined) return undefined
  const number = port === "" ? defaultPort(protocol) : Number(port)
  const entries = except.split(/[,\s]/).filter((entry) => entry !== "")
  return entries.some((entry) => isExcepted(bare(hostname), number, entry)) ? undefined : addressOf(proxy)
}

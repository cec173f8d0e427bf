/** Private hosts that an operator allows: names, `*.suffix.of.a.name`, addresses and CIDR blocks. Pure. */
import { BlockList, isIP } from "node:net"

export interface AllowedHosts {
  readonly names: ReadonlySet<string>
  /** Each starts with its dot. */
  readonly suffixes: ReadonlyArray<string>
  readonly blocks: BlockList
}

export const allowed =
  "at most 100 separated by commas of a host name, *.name for all below it, an address, or a block such as 10.1.0.0/16"

const most = 100
const hostName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

export const familyOf = (address: string): "ipv4" | "ipv6" | undefined => {
  const version = isIP(address)
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6"
}

/** Returns false if the text is not a block. */
const addBlock = (blocks: BlockList, text: string): boolean => {
  const [, address = "", bits] = /^\[?([0-9a-f:.]+)\]?(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = familyOf(address)
  if (family === undefined) return false
  const widest = family === "ipv4" ? 32 : 128
  const prefix = bits === undefined ? widest : Number(bits)
  if (prefix > widest) return false
  blocks.addSubnet(address, prefix, family)
  return true
}

/** Undefined if one of the texts is invalid. */
export const parse = (texts: ReadonlyArray<string>): AllowedHosts | undefined => {
  const names = new Set<string>()
  const suffixes: Array<string> = []
  const blocks = new BlockList()
  for (const text of texts.map((one) => one.toLowerCase())) {
    if (addBlock(blocks, text)) continue
    const below = text.startsWith("*.")
    if (!hostName.test(below ? text.slice(2) : text) || /(^|\.)[0-9]+$/.test(text)) return undefined
    if (below) suffixes.push(text.slice(1))
    else names.add(text)
  }
  return texts.length <= most ? { names, suffixes, blocks } : undefined
}

export const none: AllowedHosts = { names: new Set(), suffixes: [], blocks: new BlockList() }

/** `host`: lower case, without a final dot; an IPv6 address without brackets. */
export const allows = ({ blocks, names, suffixes }: AllowedHosts, host: string): boolean => {
  const family = familyOf(host)
  if (family !== undefined) return blocks.check(host, family)
  return names.has(host) || suffixes.some((suffix) => host.endsWith(suffix))
}

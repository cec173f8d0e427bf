/**
 * The bytes that Linux buffers for each TCP connection until the peer acknowledges them: the columns `tx_queue`, `tr`
 * and `retrnsmt` of `/proc/net/tcp` and `/proc/net/tcp6` (Linux, Documentation/networking/proc_net_tcp.rst). Node
 * does not expose them. On other systems nothing is known.
 */
import { readFile } from "node:fs/promises"

export interface KernelQueue {
  readonly bytes: number
  /** True if the kernel has sent them several times without an acknowledgement. */
  readonly resent: boolean
}

/** The queues that are not empty, by the `keyOf` their connection. */
export type KernelQueues = ReadonlyMap<string, KernelQueue>

const files = ["/proc/net/tcp", "/proc/net/tcp6"]

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0")

/** An IPv4 address as the kernel prints it: one word in the machine's byte order, little-endian here. */
const word = (address: string): string =>
  address
    .split(".")
    .toReversed()
    .map((byte) => hex(Number(byte), 2))
    .join("")

/** The eight groups of an IPv6 address without an embedded IPv4 address. */
const groupsOf = (address: string): ReadonlyArray<number> => {
  const [head = "", tail] = address.replace(/%.*$/, "").split("::")
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16))
  if (tail === undefined) return groups(head)
  const [before, after] = [groups(head), groups(tail)]
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

const addressOf = (address: string): string => {
  // The kernel prints an IPv4 peer of a dual-stack socket as an IPv6 one.
  if (address.startsWith("::ffff:") && address.includes("."))
    return `0000000000000000FFFF0000${word(address.slice(7))}`
  if (!address.includes(":")) return word(address)
  const bytes = groupsOf(address).flatMap((group) => [group >> 8, group & 0xff])
  const words = [0, 4, 8, 12].map((at) => bytes.slice(at, at + 4).toReversed())
  return words.map((four) => four.map((byte) => hex(byte, 2)).join("")).join("")
}

/** The key of a connection: the peer's address and port, and the local port. */
export const keyOf = (peer: string, peerPort: number, localPort: number): string =>
  `${addressOf(peer)}:${hex(peerPort, 4)}>${hex(localPort, 4)}`

/** Captures the local port, the peer, the bytes, the timer and the number of timeouts. */
const line =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):[0-9A-F]{8} ([0-9A-F]{2}):[0-9A-F]{8} ([0-9A-F]{8})/

/** The retransmission timer. Another one, `04`, probes a peer whose window is closed. */
const resends = "01"
/** One timeout may be a lost packet. The second is about 600 ms after the first transmission. */
const manyTimeouts = 2

/** Reads one of the two tables into `queues`. */
export const parseInto = (queues: Map<string, KernelQueue>, table: string): void => {
  for (let from = table.indexOf("\n") + 1; from > 0 && from < table.length;) {
    const end = table.indexOf("\n", from)
    const text = table.slice(from, end < 0 ? table.length : end)
    from = end < 0 ? table.length : end + 1
    // Most connections have an empty queue, and a server may have ten thousand.
    if (text.includes(" 00000000:")) continue
    const [, localPort, peer, bytes, timer, resent] = line.exec(text) ?? []
    if (bytes === undefined) continue
    queues.set(`${peer}>${localPort}`, {
      bytes: Number.parseInt(bytes, 16),
      resent: timer === resends && Number.parseInt(resent!, 16) >= manyTimeouts,
    })
  }
}

/** Undefined if the kernel does not report it. */
export const read = async (): Promise<KernelQueues | undefined> => {
  const tables = await Promise.all(files.map((file) => readFile(file, "latin1").catch(() => undefined)))
  if (tables.every((table) => table === undefined)) return undefined
  const queues = new Map<string, KernelQueue>()
  for (const table of tables) if (table !== undefined) parseInto(queues, table)
  return queues
}

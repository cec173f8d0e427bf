/** U4 and U8: heads that no honest server sends, and bodies without a measure. */
import { gzipSync } from "node:zlib"
import { allKinds, type Wire } from "../wires/Wires.ts"
import { answered, broken, clockMs, fails, type FaultCase, late, raw } from "./FaultCase.ts"
import { type Connection, head } from "./RawUpstream.ts"

const answer = (wire: Wire): string =>
  wire.opening + wire.text("Hello, ") + wire.text("café") + wire.finish("stop") + wire.end

const row = (
  id: string,
  fault: string,
  play: (connection: Connection, wire: Wire) => Promise<void>,
  expected: FaultCase["expected"],
): FaultCase => ({
  id,
  fault,
  kinds: allKinds,
  upstream: raw((wire) => (connection) => play(connection, wire)),
  expected,
})

const status = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
const early = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"

const written =
  (bytes: (wire: Wire) => string | Uint8Array) =>
  async (connection: Connection, wire: Wire): Promise<void> => {
    await connection.write(bytes(wire))
    connection.fin()
  }

/** Until the other side has had enough. */
const flood =
  (bytes: string, beforeIt: (wire: Wire) => string = () => head) =>
  async (connection: Connection, wire: Wire): Promise<void> => {
    await connection.write(beforeIt(wire))
    while (!connection.isClosed) {
      await connection.write(bytes)
      await connection.wait(0)
    }
  }

const dripped = async (connection: Connection): Promise<void> => {
  for (const char of `${status}x-pad: ${"a".repeat(1000)}`) {
    if (connection.isClosed) return
    await connection.write(char)
    await connection.wait(clockMs / 20)
  }
}

const megabyte = 1024 * 1024
/** 30 MB of an answer that is 30 KB on the wire. */
const bomb = gzipSync(Buffer.alloc(30 * megabyte, "data: a\n\n"))

const heads: ReadonlyArray<FaultCase> = [
  row(
    "U8",
    "a gzip bomb",
    async (connection) => {
      await connection.write(`${status}content-encoding: gzip\r\nconnection: close\r\n\r\n`)
      await connection.write(bomb)
      connection.fin()
    },
    fails("UPSTREAM_GARBLED"),
  ),
  row(
    "U8",
    "64 KiB of headers",
    written((wire) => `${status}x-pad: ${"a".repeat(64 * 1024)}\r\nconnection: close\r\n\r\n${answer(wire)}`),
    broken,
  ),
  row("U8", "headers that come byte by byte for ever", dripped, late),
  row(
    "U8",
    "informational answers for ever",
    flood(early.repeat(10), () => ""),
    broken,
  ),
  row(
    "U8",
    "1000 informational answers before its own",
    written((wire) => early.repeat(1000) + head + answer(wire)),
    broken,
  ),
  row(
    "U8",
    "a chunk length that is no number",
    written((wire) => `${status}transfer-encoding: chunked\r\n\r\nzz\r\n${answer(wire)}`),
    fails("UPSTREAM_TRUNCATED"),
  ),
  row(
    "U8",
    "a body that is shorter than its length",
    written((wire) => `${status}content-length: 100000\r\n\r\n${wire.opening}${wire.text("Hello, ")}`),
    fails("UPSTREAM_TRUNCATED"),
  ),
  row(
    "U8",
    "another protocol",
    written(() => "SSH-2.0-OpenSSH_9.2\r\n"),
    broken,
  ),
]

const floods: ReadonlyArray<FaultCase> = [
  row(
    "U4",
    "one line without an end",
    flood("a".repeat(64 * 1024), (wire) => `${head}${wire.opening}data: `),
    fails("UPSTREAM_GARBLED"),
  ),
  row(
    "U4",
    "one event of lines without an end",
    flood(`data: ${"a".repeat(1024)}\n`.repeat(64), (wire) => head + wire.opening),
    fails("UPSTREAM_GARBLED"),
  ),
  row(
    "U4",
    "100 000 comments before its answer",
    written((wire) => head + ": c\n\n".repeat(100_000) + answer(wire)),
    answered,
  ),
]

/** A flood is ended by its size, however long a busy machine takes for it. */
const unhurried = { firstContentMs: 30_000, stallMs: 30_000, totalMs: 60_000 }

export const headCases: ReadonlyArray<FaultCase> = [
  ...heads,
  ...floods.map((flood) => ({ ...flood, limits: unhurried })),
]

/**
 * U6: network faults after toxiproxy's toxics, in each phase of an answer. They are scaled to the clocks of the attempt:
 * latencies of 0.1 and 5 clocks.
 */
import { allKinds, type Bytes, type Wire } from "../wires/Wires.ts"
import { answered, broken, clockMs, fails, type FaultCase, late, raw, stalled } from "./FaultCase.ts"
import { type Connection, head, startNothing } from "./RawUpstream.ts"

const phases = ["before the headers", "before the first event", "in the middle", "before the end"] as const
type Phase = (typeof phases)[number]

const said = (wire: Wire): string => wire.text("Hello, ") + wire.text("café")
const ended = (wire: Wire): string => wire.finish("stop") + wire.end

/** The bytes before the fault and those after it. */
const around: Readonly<Record<Phase, (wire: Wire) => readonly [Bytes, Bytes]>> = {
  "before the headers": (wire) => ["", head + wire.opening + said(wire) + ended(wire)],
  "before the first event": (wire) => [head, wire.opening + said(wire) + ended(wire)],
  "in the middle": (wire) => [head + wire.opening + wire.text("Hello, "), wire.text("café") + ended(wire)],
  "before the end": (wire) => [head + wire.opening + said(wire) + wire.finish("stop"), wire.end],
}

type Toxic = (connection: Connection, rest: Bytes, wire: Wire) => Promise<void>

const later =
  (ms: number, then: (connection: Connection, rest: Bytes) => Promise<void> | void): Toxic =>
  async (connection, rest) => {
    await connection.wait(ms)
    await then(connection, rest)
  }

const whole = async (connection: Connection, rest: Bytes): Promise<void> => {
  await connection.write(rest)
  connection.fin()
}

/** About 8 KB/s: an event arrives in many pieces, well within the clock. */
const dripped: Toxic = async (connection, rest) => {
  const bytes = Buffer.from(rest)
  for (let at = 0; at < bytes.length && !connection.isClosed; at += 160) {
    await connection.write(bytes.subarray(at, at + 160))
    await connection.wait(20)
  }
  connection.fin()
}

const pinging: Toxic = async (connection, _, wire) => {
  for (let sent = 0; sent < 100 && !connection.isClosed; sent++) {
    await connection.write(wire.ping)
    await connection.wait(50)
  }
}

const slowlyClosed: Toxic = async (connection, rest) => {
  await connection.write(rest)
  await connection.wait(clockMs * 3)
  connection.fin()
}

/** `harmless`, `silent` and `broken` say which rule of the policy holds. */
const toxics: ReadonlyArray<readonly [fault: string, is: "harmless" | "silent" | "broken", toxic: Toxic]> = [
  ["a latency of 0.1 clocks", "harmless", later(clockMs / 10, whole)],
  ["a latency of 5 clocks", "silent", later(clockMs * 5, whole)],
  ["a bandwidth of 8 KB/s", "harmless", dripped],
  ["silence", "silent", () => Promise.resolve()],
  ["nothing but pings", "silent", pinging],
  ["a reset", "broken", later(0, (connection) => connection.reset())],
  ["a reset after 0.3 clocks", "broken", later(clockMs / 3, (connection) => connection.reset())],
  ["a close", "broken", later(0, (connection) => connection.fin())],
  ["a close 3 clocks after all bytes", "harmless", slowlyClosed],
]

const expectedOf = (phase: Phase, is: "harmless" | "silent" | "broken"): FaultCase["expected"] => {
  // The upstream has given its finish reason: the answer is whole.
  if (is === "harmless" || phase === "before the end") return answered
  if (is === "silent") return phase === "in the middle" ? stalled : late
  return phase === "before the headers" ? broken : fails("UPSTREAM_TRUNCATED")
}

export const toxicCases: ReadonlyArray<FaultCase> = [
  {
    id: "U6",
    fault: "a refused connection",
    kinds: allKinds,
    upstream: () => startNothing,
    expected: fails("UPSTREAM_UNREACHABLE", 2),
  },
  ...phases.flatMap((phase) =>
    toxics.map(([fault, is, toxic]): FaultCase => {
      // Before the headers a ping is no HTTP at all.
      const rule = toxic === pinging && phase === "before the headers" ? "broken" : is
      return {
        id: "U6",
        fault: `${fault} ${phase}`,
        kinds: allKinds,
        upstream: raw((wire) => async (connection) => {
          const [before, after] = around[phase](wire)
          if (before !== "") await connection.write(before)
          // A read of its own for what came before.
          await connection.wait(20)
          await toxic(connection, after, wire)
        }),
        expected: expectedOf(phase, rule),
      }
    }),
  ),
]

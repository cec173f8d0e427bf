/** One row of the table of upstream faults: what the upstream does on its socket, and how a turn over it must end. */
import type { Attempted, Expected } from "../wires/WireCase.ts"
import { secondAnswer } from "../wires/WireCase.ts"
import { isDirect, type Wire, type WireKind } from "../wires/Wires.ts"
import { type Answering, startRawUpstream } from "./RawUpstream.ts"
import type { Upstream } from "../wires/WireTurn.ts"

/** The first clock and the stall clock of an attempt here. */
export const clockMs = 1500
export const limits = { firstContentMs: clockMs, stallMs: clockMs, totalMs: 5000 }

export interface FaultCase {
  /** An id of `Checklist.ts`. */
  readonly id: string
  /** Completes the sentence "An upstream with …". */
  readonly fault: string
  readonly kinds: ReadonlyArray<WireKind>
  readonly upstream: (wire: Wire) => Upstream
  readonly expected: (kind: WireKind, withSecond: boolean) => Expected
  /** `limits` where absent. */
  readonly limits?: typeof limits
}

export const raw =
  (answering: (wire: Wire) => Answering) =>
  (wire: Wire): Upstream =>
  () =>
    startRawUpstream(answering(wire))

type Expecting = FaultCase["expected"]

/** The first upstream's whole answer. */
export const answered: Expecting = () => ({
  end: "done",
  text: "Hello, café",
  attempts: [["success", null]],
  secondAsked: false,
})

const failing =
  (attemptsOf: (kind: WireKind, withSecond: boolean) => ReadonlyArray<Attempted>): Expecting =>
  (kind, withSecond) => {
    const attempts = attemptsOf(kind, withSecond)
    return withSecond
      ? { end: "done", text: secondAnswer, attempts, secondAsked: true }
      : { end: attempts.at(-1)?.[1] ?? "", attempts, secondAsked: false }
  }

export const fails = (code: string, attempts = 1): Expecting =>
  failing(() => Array.from({ length: attempts }, (): Attempted => ["error", code]))

/** Without headers a runtime may have begun all the same, so only a model is asked again. */
export const broken = failing((kind) =>
  isDirect(kind)
    ? [
        ["error", "UPSTREAM_UNREACHABLE"],
        ["error", "UPSTREAM_UNREACHABLE"],
      ]
    : [["error", "UPSTREAM_TRUNCATED"]],
)

/** The first clock strikes where another upstream can answer. */
export const late = failing((_, withSecond) =>
  withSecond ? [["timeout_first_content", "TIMEOUT_FIRST_CONTENT"]] : [["timeout_total", "TIMEOUT_TOTAL"]],
)

export const stalled = failing(() => [["timeout_stall", "TIMEOUT_STALL"]])

import { assert, describe, it } from "@effect/vitest"
import { OrgId } from "../../src/domain/Ids.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as Policies from "../../src/simulation/Policies.ts"
import type { Policy } from "../../src/simulation/Policy.ts"

const orgId = OrgId.make("org")

const make = (name: Policies.Name) => Policies.make(name, Policies.usual)

/** Runs a turn in the runtime that ends with this outcome; false if the policy refuses it. */
const turn = (policy: Policy, outcome: Outcome, now: number): boolean => {
  const ticket = policy.admit(orgId, "session", now)
  if (ticket === undefined) return false
  policy.ended({ orgId, mode: "runtime_orchestrator", outcome, latencyMs: 1000, ticket }, now)
  return true
}

const turns = (policy: Policy, count: number, outcome: Outcome, now: number): number =>
  Array.from({ length: count }, () => turn(policy, outcome, now)).filter(Boolean).length

describe("The contract alone", () => {
  it("leaves for good above half of at least ten", () => {
    const policy = make("contract")
    turns(policy, 5, "success", 0)
    turns(policy, 5, "error", 0)
    assert.strictEqual(policy.state(), "closed")
    turns(policy, 1, "error", 0)
    assert.strictEqual(policy.state(), "open")
    assert.isFalse(turn(policy, "success", 86_400_000))
  })
})

describe("A breaker like resilience4j's", () => {
  it("judges a hundred calls, waits a minute, and lets ten decide", () => {
    const policy = make("resilience4j")
    turns(policy, 50, "success", 0)
    turns(policy, 49, "error", 0)
    assert.strictEqual(policy.state(), "closed")
    turns(policy, 1, "error", 0)
    assert.strictEqual(policy.state(), "open")
    assert.isFalse(turn(policy, "success", 59_999))
    const tickets = Array.from({ length: 11 }, () => policy.admit(orgId, "session", 60_000))
    assert.strictEqual(tickets.filter((ticket) => ticket !== undefined).length, 10)
    for (const ticket of tickets.slice(0, 10)) {
      policy.ended({ orgId, mode: "runtime_orchestrator", outcome: "success", latencyMs: 1, ticket }, 61_000)
    }
    assert.strictEqual(policy.state(), "closed")
  })
})

describe("A breaker like Envoy's", () => {
  it("ejects after five failures in a row, for longer each time, and less long after good times", () => {
    const policy = make("envoy")
    const sweep = (now: number) => policy.tick(now)
    turns(policy, 4, "error", 0)
    turn(policy, "success", 0)
    assert.strictEqual(turns(policy, 9, "error", 0), 5)
    for (let now = 0; now < 30_000; now += 10_000) sweep(now)
    assert.strictEqual(policy.state(), "open")
    sweep(30_000)
    assert.strictEqual(policy.state(), "closed")
    turns(policy, 5, "error", 31_000)
    for (let now = 40_000; now < 91_000; now += 10_000) sweep(now)
    assert.strictEqual(policy.state(), "open")
    sweep(100_000)
    assert.strictEqual(policy.state(), "closed")
  })
})

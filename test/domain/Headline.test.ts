/** The first line for people on call, over every state, override, target and share. */
import { assert, describe, it } from "@effect/vitest"
import { wrapped } from "../../src/cli/HeadlineText.ts"
import { headlineText } from "../../src/cli/HeadlineText.ts"
import { filled, headlineOf, headlineTexts, type Situation } from "../../src/domain/Headline.ts"
import { noon } from "../support/fixtures.ts"

type Scope = Situation["breaker"]
const closed: Scope = { state: "closed", reason: "", since: noon, nextProbeAt: null, share: 1, forced: null }
const open: Scope = {
  ...closed,
  state: "open",
  reason: "faults 12 >= 12 in 900 ms",
  since: noon - 240_000,
  nextProbeAt: noon + 12_000,
  share: 0,
}
const ramp: Scope = { ...open, state: "ramp", nextProbeAt: null, share: 0.2 }
const forced = (mode: "direct_llm" | "runtime_orchestrator", expiresAt: number | null = null): Scope => ({
  ...closed,
  state: mode === "direct_llm" ? "forced_direct" : "forced_runtime",
  forced: { mode, by: "olga of ops", reason: "incident 7", expiresAt },
})

const rollout: Situation["rollout"] = {
  percentage: 0,
  defaultMode: "runtime_orchestrator",
  enabledOrgs: 0,
  deniedOrgs: 0,
  rules: 0,
}
const situation = (fields: Partial<Situation> = {}): Situation => ({
  at: noon,
  fleet: "none",
  runtimeConfigured: true,
  directConfigured: true,
  directFailing: false,
  providers: [{ state: "closed" }],
  breaker: closed,
  orgs: [],
  rollout,
  ...fields,
})
const partial = { ...rollout, percentage: 25, defaultMode: "direct_llm" } as const
const nothing = { ...partial, percentage: 0 }
const sentence = (fields: Partial<Situation> = {}) => headlineText(situation(fields)).text
const kind = (fields: Partial<Situation> = {}, orgId?: string) => {
  const { main, tone } = headlineOf(situation(fields), orgId)
  return [main.text, tone]
}
const notes = (fields: Partial<Situation>) => headlineOf(situation(fields)).notes.map(({ text }) => text)

describe("the headline", () => {
  it("says that all turns go to the runtime while nothing keeps them away", () => {
    assert.strictEqual(sentence(), "All turns go to the runtime.")
    assert.deepStrictEqual(kind(), ["allRuntime", "good"])
  })

  it("names the breaker's reason, its age and the next probe while direct mode answers", () => {
    assert.strictEqual(
      sentence({ breaker: open }),
      "Direct mode answers all turns: the breaker opened 4 min ago because: faults 12 >= 12 in 900 ms. Next probe in 12 s.",
    )
    assert.include(sentence({ breaker: { ...open, nextProbeAt: noon - 1 } }), "A probe is due.")
    assert.include(
      sentence({ breaker: { ...open, nextProbeAt: null } }),
      "faults 12 >= 12 in 900 ms. Another replica probes the runtime.",
    )
    assert.deepStrictEqual(kind({ breaker: { ...open, state: "half_open" } }), ["halfOpen", "bad"])
  })

  it("never claims a fallback without a direct provider", () => {
    for (const breaker of [open, { ...open, state: "half_open" as const }, ramp]) {
      const text = sentence({ breaker, directConfigured: false, directFailing: true })
      assert.match(text, /^No direct provider is configured: the runtime still gets all turns\./)
    }
    assert.deepStrictEqual(notes({ directConfigured: false }), ["noWayBack"])
    assert.deepStrictEqual(kind({ directConfigured: false, rollout: partial }), ["allRuntime", "warn"])
  })

  it("says that turns stay on the runtime while direct mode fails as well", () => {
    for (const breaker of [open, ramp])
      assert.deepStrictEqual(kind({ breaker, directFailing: true }), ["openBothFail", "bad"])
    assert.deepStrictEqual(notes({ directFailing: true }), ["directFails"])
    assert.deepStrictEqual(kind({ directFailing: true }), ["allRuntime", "warn"])
  })

  it("names the share in a ramp", () => {
    assert.match(sentence({ breaker: ramp }), /^In a ramp: 20 % of sessions use the runtime\. /)
    assert.deepStrictEqual(kind({ breaker: { ...ramp, share: 1 } }), ["rampLast", "warn"])
    assert.deepStrictEqual(notes({ breaker: ramp, rollout: partial }), ["ofRollout"])
  })

  it("names the share of the rollout while the breaker is closed", () => {
    assert.strictEqual(
      sentence({ rollout: partial }),
      "The rollout gives 25 % of new sessions to the runtime. Direct mode answers the rest. A session keeps its mode.",
    )
    // Sessions of before stay in direct mode.
    assert.deepStrictEqual(kind({ rollout: { ...partial, percentage: 100 } }), ["rolloutAll", "good"])
    assert.deepStrictEqual(kind({ rollout: nothing }), ["rolloutNone", "warn"])
    assert.deepStrictEqual(kind({ rollout: { ...nothing, enabledOrgs: 1 } }), ["rolloutShare", "good"])
    assert.deepStrictEqual(notes({ rollout: { ...rollout, deniedOrgs: 2 } }), ["exceptions"])
    assert.deepStrictEqual(notes({ rollout: { ...rollout, rules: 1 } }), ["exceptions"])
  })

  it("names lists and rules only where they change the mode of a turn", () => {
    const denied = { ...nothing, deniedOrgs: 2 }
    assert.deepStrictEqual(notes({ rollout: denied }), [])
    const listed = { ...partial, enabledOrgs: 1, deniedOrgs: 1, rules: 1 }
    for (const breaker of [open, { ...open, state: "half_open" as const }, forced("direct_llm")])
      assert.deepStrictEqual(notes({ breaker, rollout: listed }), [])
    for (const breaker of [open, { ...open, state: "half_open" as const }, ramp])
      assert.include(notes({ breaker, directFailing: true, rollout: listed }), "exceptions")
  })

  it("says that turns of denied organisations fail without a direct provider", () => {
    const fields = { directConfigured: false, rollout: { ...rollout, deniedOrgs: 1 } }
    assert.deepStrictEqual(notes(fields), ["noWayBack", "deniedFail"])
    assert.include(notes({ ...fields, breaker: open }), "deniedFail")
    // The override comes before the list.
    assert.notInclude(notes({ ...fields, breaker: forced("runtime_orchestrator") }), "deniedFail")
  })

  it("says that direct mode fails in each situation that relies on it", () => {
    const failing = { directFailing: true }
    for (const breaker of [forced("direct_llm"), forced("runtime_orchestrator"), closed])
      assert.include(notes({ ...failing, breaker }), "directFails")
    assert.include(notes({ ...failing, runtimeConfigured: false }), "directFails")
    assert.include(notes({ ...failing, rollout: nothing, breaker: open }), "directFails")
    const skipped = [{ state: "open" }, { state: "half_open" }]
    assert.deepStrictEqual(notes({ providers: skipped, breaker: open }), ["directFails"])
    assert.deepStrictEqual(notes({ providers: [...skipped, { state: "closed" }], breaker: open }), [])
  })

  it("does not give the first organisations as all of them", () => {
    const of = (count: number) =>
      notes({ orgs: Array.from({ length: count }, (_, n) => ({ ...open, orgId: `org-${n}` })) })
    assert.deepStrictEqual(of(99), ["orgs"])
    assert.deepStrictEqual(of(100), ["orgsOrMore"])
  })

  it("names the day of an override's end that is not today", () => {
    const until = (ms: number) => sentence({ breaker: forced("direct_llm", noon + ms) })
    assert.match(until(60_000), /until \d\d:\d\d:/)
    assert.match(until(3 * 86_400_000), /until \d{1,2} [A-Z][a-z]{2} \d\d:\d\d:/)
  })

  it("names direct mode, not the breaker, while the rollout gives no new session to the runtime", () => {
    for (const breaker of [open, ramp])
      for (const directFailing of [true, false])
        assert.deepStrictEqual(kind({ breaker, directFailing, rollout: nothing })[0], "rolloutNone")
  })

  it("names the operator of an override, its end and its reason", () => {
    assert.match(
      sentence({ breaker: forced("direct_llm", noon + 3_600_000) }),
      /^Operator override by olga of ops until \d\d:\d\d: direct mode answers all turns\. Reason: incident 7/,
    )
    assert.include(sentence({ breaker: forced("direct_llm") }), "until an operator ends it")
    assert.deepStrictEqual(kind({ breaker: forced("runtime_orchestrator", noon + 1) }), [
      "forcedRuntime",
      "warn",
    ])
    assert.deepStrictEqual(kind({ breaker: forced("direct_llm"), directConfigured: false }), [
      "forcedNowhere",
      "bad",
    ])
  })

  it("names a missing runtime before everything else", () => {
    for (const breaker of [closed, open, ramp, forced("runtime_orchestrator")]) {
      assert.deepStrictEqual(kind({ breaker, runtimeConfigured: false }), ["noRuntime", "warn"])
      assert.deepStrictEqual(kind({ breaker, runtimeConfigured: false, directConfigured: false }), [
        "noTarget",
        "bad",
      ])
    }
  })

  it("warns while the replicas decide alone", () => {
    assert.match(
      sentence({ fleet: "lost" }),
      /The fleet's Redis is unreachable: each replica decides alone\.$/,
    )
    assert.deepStrictEqual(kind({ fleet: "lost" }), ["allRuntime", "warn"])
    assert.deepStrictEqual(notes({ fleet: "joined" }), [])
  })

  it("describes an organisation by its own breaker", () => {
    const orgs = [{ ...open, orgId: "umbrella" }]
    const text = filled(
      headlineTexts.open,
      headlineOf(situation({ orgs }), "umbrella").main.values,
      JSON.stringify,
    )
    assert.include(text, '{"turns":"umbrella"}')
    assert.deepStrictEqual(kind({ orgs }, "umbrella"), ["open", "bad"])
    // Its breaker does not look at the faults of direct mode.
    assert.deepStrictEqual(kind({ orgs, directFailing: true }, "umbrella"), ["open", "bad"])
    assert.deepStrictEqual(kind({ orgs, directConfigured: false }, "umbrella"), ["openNoDirect", "bad"])
    assert.deepStrictEqual(kind({ orgs }, "acme"), ["allRuntime", "good"])
    assert.deepStrictEqual(notes({ orgs }), ["orgs"])
  })

  it("gives an organisation the override that its turns follow", () => {
    const own = (mode: "direct_llm" | "runtime_orchestrator") => [{ ...forced(mode), orgId: "umbrella" }]
    const all = forced("direct_llm")
    const stronger = headlineOf(situation({ breaker: all, orgs: own("runtime_orchestrator") }), "umbrella")
    assert.strictEqual(stronger.main.text, "forcedDirectUntilEnded")
    assert.deepStrictEqual(stronger.main.values["turns"], { turns: null })
    const ofItsOwn = headlineOf(
      situation({ breaker: forced("runtime_orchestrator"), orgs: own("direct_llm") }),
      "umbrella",
    )
    assert.deepStrictEqual(ofItsOwn.main.values["turns"], { turns: "umbrella" })
    assert.strictEqual(ofItsOwn.main.text, "forcedDirectUntilEnded")
  })

  it("fills every place of its texts in every situation", () => {
    const scopes = [closed, open, { ...open, state: "half_open" as const }, ramp, { ...ramp, share: 1 }]
    const overrides = (["direct_llm", "runtime_orchestrator"] as const).flatMap((mode) => [
      forced(mode),
      forced(mode, noon + 60_000),
    ])
    const both = [true, false]
    for (const breaker of [...scopes, ...overrides])
      for (const directConfigured of both)
        for (const directFailing of both)
          for (const runtimeConfigured of both)
            for (const plan of [rollout, partial, nothing, { ...partial, rules: 2, deniedOrgs: 1 }])
              for (const fleet of ["none", "lost"] as const) {
                const fields = {
                  breaker,
                  directConfigured,
                  directFailing,
                  runtimeConfigured,
                  fleet,
                  rollout: plan,
                }
                const text = sentence({ ...fields, orgs: [{ ...open, orgId: "umbrella" }] })
                assert.notMatch(text, /[{}]|undefined|NaN|\.\. /)
              }
  })

  it("breaks between words, and puts the rest in the last line", () => {
    assert.deepStrictEqual(wrapped("one two three four", 8, 3), ["one two", "three", "four"])
    assert.deepStrictEqual(wrapped("one two three four", 8, 2), ["one two", "three four"])
  })
})

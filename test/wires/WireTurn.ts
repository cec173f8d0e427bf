/** One turn over the real drivers and real sockets: one upstream under test, with or without a second one behind it. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Draft } from "../../src/protocol/agent2ui/Message.ts"
import { plainRequests } from "../../src/domain/DirectProvider.ts"
import * as RuntimeErrorText from "../../src/domain/RuntimeErrorText.ts"
import type { RuntimeProtocol } from "../../src/domain/RuntimeProtocol.ts"
import type { Attempt } from "../../src/domain/Run.ts"
import { layerMemory } from "../../src/execution/direct/AnswerCacheMemory.ts"
import type { ProviderSettings } from "../../src/execution/direct/Providers.ts"
import { Execution } from "../../src/execution/Execution.ts"
import { errorPolicyOf } from "../../src/execution/ExecutionError.ts"
import * as Targets from "../../src/execution/Targets.ts"
import type { TurnEvent } from "../../src/execution/TurnEvent.ts"
import { UpstreamHttp } from "../../src/execution/UpstreamHttp.ts"
import { Monitor } from "../../src/monitoring/Monitor.ts"
import { RecentTurns } from "../../src/monitoring/RecentTurns.ts"
import { Transcript } from "../../src/runs/Transcript.ts"
import { monitorSettings, runtimeAt, turn } from "../support/fixtures.ts"
import { secondAnswer, type WireCase } from "./WireCase.ts"
import { inTurn, startWireServer, type WireServer } from "./WireServer.ts"
import { type DirectKind, isDirect, openAiCompatible, type Wire, type WireKind, wires } from "./Wires.ts"
import { noFiles } from "../support/heldFiles.ts"

/** Long enough that a slow machine misses none, short enough that a case which stalls ends soon. */
const limits = { firstContentMs: 4000, stallMs: 4000, totalMs: 20_000 }

const runtimeProtocols: Partial<Record<WireKind, RuntimeProtocol>> = {
  runtime: "agent2ui",
  "ag-ui": "ag-ui",
  langgraph: "langgraph",
  responses: "responses",
}

const runtimesOf = (kind: WireKind, url: string) => {
  const protocol = runtimeProtocols[kind]
  return protocol === undefined
    ? []
    : [runtimeAt(url, { protocol, errorPatterns: RuntimeErrorText.defaults })]
}

const provider = (name: string, kind: DirectKind, url: string): ProviderSettings => ({
  ...plainRequests,
  name,
  kind,
  baseUrl: url,
  apiKey: Redacted.make("sk-canary-0000"),
  model: "model-1",
  takesAgentModel: false,
})

const targetsOf = (
  kind: WireKind,
  stallMs: number,
  first: string,
  second: string | undefined,
): Targets.Settings => ({
  runtimes: runtimesOf(kind, first),
  providers: [
    ...(isDirect(kind) ? [provider("first", kind, first)] : []),
    ...(second === undefined ? [] : [provider("second", "openai-compatible", second)]),
  ],
  cacheOrgs: new Set(),
  longestClosingMs: stallMs / 2,
})

export interface Ended {
  readonly end: string
  readonly text: string
  readonly finishReason: string | undefined
  readonly model: string | undefined
  readonly tokens: number | undefined
  readonly attempts: ReadonlyArray<readonly [string, string | null]>
  readonly failures: ReadonlyArray<string | null>
  readonly secondAsked: boolean
  readonly drafts: ReadonlyArray<Draft>
  readonly asked: WireServer["asked"]
}

const run = (kind: WireKind, first: WireServer, second: WireServer | undefined) =>
  Effect.gen(function* () {
    const execution = yield* Execution
    const attempts: Array<Attempt> = []
    const drafts: Array<Draft> = []
    const transcript = new Transcript()
    let finished: Extract<TurnEvent, { readonly _tag: "Finished" }> | undefined
    const exit = yield* execution
      .run(turn(), {
        order: isDirect(kind) ? ["direct_llm"] : ["runtime_orchestrator", "direct_llm"],
        ticket: undefined,
        onAttempt: (attempt) => Effect.sync(() => attempts.push(attempt)),
      })
      .pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => {
            if (event._tag === "Finished") finished = event
            else {
              drafts.push(event.draft)
              transcript.add(event.draft)
            }
          }),
        ),
        Effect.exit,
      )
    const failed = Exit.findErrorOption(exit)
    const target = isDirect(kind) ? "first" : "runtime"
    const own = attempts.filter((attempt) => attempt.target === target)
    const end = Option.isSome(failed)
      ? errorPolicyOf(failed.value.error).code
      : Exit.isSuccess(exit)
        ? "done"
        : "bug"
    return {
      end,
      text: transcript.text,
      finishReason: finished === undefined ? undefined : (finished.finishReason ?? "stop"),
      model: finished?.model,
      tokens: finished?.usage?.tokens,
      attempts: own.map(({ code, outcome }) => [outcome, code] as const),
      failures: own.map(({ failure }) => failure),
      secondAsked: (second?.asked.length ?? 0) > 0,
      drafts,
      asked: first.asked,
    } satisfies Ended
  })

const good = (wire: Wire) => ({
  body: [wire.opening, wire.text(secondAnswer), wire.finish("stop"), wire.end],
})

/** An upstream that `playTurn` starts and stops. */
export type Upstream = () => Promise<WireServer>

export interface Play {
  readonly kind: WireKind
  readonly first: Upstream
  readonly withSecond: boolean
  readonly limits?: typeof limits
}

const started = (upstream: Upstream) =>
  Effect.acquireRelease(Effect.promise(upstream), ({ stop }) => Effect.promise(stop))

const second: Upstream = () => startWireServer(openAiCompatible, inTurn([good(openAiCompatible)]))

/** Plays one turn over an upstream of its own, and a good second one where that is asked for. */
export const playTurn = ({ first, kind, withSecond, limits: own = limits }: Play): Promise<Ended> =>
  Effect.gen(function* () {
    const under = yield* started(first)
    const behind = withSecond ? yield* started(second) : undefined
    const layer = Execution.layer({ limits: own, retractPartial: true, fallbackOnContentFilter: false }).pipe(
      Layer.provide([
        Targets.layer(targetsOf(kind, own.stallMs, under.url, behind?.url)).pipe(
          Layer.provide([noFiles, UpstreamHttp.layer, layerMemory("1 minute")]),
        ),
        Monitor.layer(monitorSettings),
        RecentTurns.layer,
      ]),
    )
    return yield* Effect.provide(run(kind, under, behind), layer)
  }).pipe(Effect.scoped, Effect.runPromise)

/** Plays a case, over upstreams of its own. */
export const playCase = (given: WireCase, kind: WireKind, withSecond: boolean): Promise<Ended> => {
  const wire = wires[kind]
  const answers = [given.answer(wire), ...(given.later === undefined ? [] : [given.later(wire)])]
  return playTurn({ kind, withSecond, first: () => startWireServer(wire, inTurn(answers)) })
}

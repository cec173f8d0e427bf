/** `crossfade watch`: the health of a running service in a terminal, updated every second. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { LiveView } from "../api/LiveView.ts"
import { endedByRequest } from "./Explained.ts"
import { asJson } from "./Output.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"
import * as WatchFeed from "./WatchFeed.ts"
import { render, type Screen } from "./WatchScreen.ts"

const flags = {
  ...serviceFlags("operator:read"),
  once: Flag.Boolean("once").pipe(Flag.withDescription("Print one view and exit"), Flag.withDefault(false)),
}

const samples = 20
/** The size for a pipe or a file, which have none. */
const wide = { columns: 120, rows: 60, coloured: false }

const next = (screen: Screen, news: LiveView | WatchFeed.Lost): Screen => {
  if ("_tag" in news) return { ...screen, trouble: `connection lost (${news.reason}), trying again` }
  const { direct_llm, runtime_orchestrator } = screen.history
  const { modes } = news
  return {
    ...screen,
    view: news,
    trouble: undefined,
    history: {
      runtime_orchestrator: [...runtime_orchestrator, modes.runtime_orchestrator.p95LatencyMs].slice(
        -samples,
      ),
      direct_llm: [...direct_llm, modes.direct_llm.p95LatencyMs].slice(-samples),
    },
  }
}

const terminal = () => {
  const { stdout } = process
  return stdout.isTTY
    ? { columns: stdout.columns, rows: stdout.rows - 1, coloured: stdout.hasColors() }
    : undefined
}

const write = (text: string) => Effect.sync(() => process.stdout.write(text))

/** Redraws in place: from the upper left corner, clears the rest of each line, then everything below. */
const draw = (screen: Screen): Effect.Effect<void> =>
  Effect.suspend(() => {
    const size = terminal()
    if (size === undefined) return Console.log(`${render(screen, wide).join("\n")}\n`)
    const lines = render(screen, size).map((line) => `${line}\x1b[K\n`)
    return Effect.asVoid(write(`\x1b[H${lines.join("")}\x1b[J`))
  })

/** Uses the alternate screen without a cursor; the earlier contents return afterwards. */
const onOwnScreen = Effect.acquireRelease(
  Effect.suspend(() => (terminal() === undefined ? Effect.void : write("\x1b[?1049h\x1b[?25l"))),
  () => Effect.suspend(() => (terminal() === undefined ? Effect.void : write("\x1b[?25h\x1b[?1049l"))),
)

const begun = (url: string): Screen => ({
  url,
  view: undefined,
  history: { runtime_orchestrator: [], direct_llm: [] },
  trouble: "connecting",
})

const watching = (url: string, token: Redacted.Redacted<string>) =>
  Effect.andThen(
    onOwnScreen,
    WatchFeed.feed(url, token).pipe(
      Stream.scan(() => begun(url), next),
      Stream.runForEach(draw),
    ),
  ).pipe(Effect.scoped)

const jsonLines = (url: string, token: Redacted.Redacted<string>) =>
  WatchFeed.feed(url, token).pipe(
    Stream.runForEach((news) =>
      "_tag" in news
        ? Console.error(`connection lost (${news.reason}), trying again`)
        : Console.log(asJson(news)),
    ),
  )

const once = Effect.fnUntraced(function* (url: string, token: Redacted.Redacted<string>, json: boolean) {
  const view = Option.getOrUndefined(yield* WatchFeed.first(url, token))
  if (view === undefined) return
  const screen = next(begun(url), view)
  yield* Console.log(
    json ? asJson(view) : render(screen, { ...wide, ...terminal(), rows: wide.rows }).join("\n"),
  )
})

export const watch = Command.make("watch", flags, ({ once: isOnce, ...flags }) =>
  calling(flags, ({ token, url }) => {
    if (isOnce) return once(url, token, flags.json)
    return endedByRequest(flags.json ? jsonLines(url, token) : watching(url, token))
  }),
).pipe(
  Command.withDescription(
    "Show both modes' rates and latencies, the breaker and the last decisions, every second.",
  ),
  Command.withExamples([
    {
      command: "crossfade watch --url http://localhost:3001",
      description: "With the token in CROSSFADE_TOKEN",
    },
  ]),
)

/** Figures of scenarios under policies, as a table for people and as data for programs. Pure. */
import * as Figures from "./Figures.ts"
import * as Table from "./Table.ts"

export interface Compared {
  readonly scenario: string
  readonly policy: string
  readonly figures: Figures.Figures
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const seconds = (value: number): string => (Number.isFinite(value) ? `${value.toFixed(1)} s` : "never")
const spread = ({ median, worst }: Figures.Spread, show: (value: number) => string): string =>
  show(median) === show(worst) ? show(median) : `${show(median)} (${show(worst)})`

const head = ["scenario", "policy", "detect", "failed", "recover", "needless direct", "trips", "wait p99"]

/** Medians over the seeds, with the worst in brackets. */
export const table = (rows: ReadonlyArray<Compared>): string =>
  Table.text(
    head,
    rows.map(({ figures, policy, scenario }) => {
      const hadFault = figures.inFault.begun > 0
      return [
        scenario,
        policy,
        hadFault ? spread(figures.detect, seconds) : "-",
        percent(Figures.failedShare(hadFault ? figures.inFault : figures.all)),
        hadFault ? spread(figures.recover, seconds) : "-",
        percent(figures.needless),
        spread(figures.trips, String),
        hadFault ? seconds(figures.waitP99) : "-",
      ]
    }),
  )

export const legend =
  "detect: fault to opening; recover: end of the fault to closed for good; failed: of the chats begun in the fault that it\n" +
  "concerns (of all, without one); needless direct: of all chats; wait: to what is shown first, in the fault. Median over the\n" +
  "seeds, the worst in brackets."

/** Null: it never happened. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
const json = ({ median, worst }: Figures.Spread) => ({ median: finite(median), worst: finite(worst) })

export const data = (rows: ReadonlyArray<Compared>) =>
  rows.map(({ figures, policy, scenario }) => ({
    scenario,
    policy,
    seeds: figures.seeds,
    detectSeconds: json(figures.detect),
    recoverSeconds: json(figures.recover),
    trips: json(figures.trips),
    chats: figures.all,
    chatsInFault: figures.inFault,
    chatsBesideFault: figures.beside,
    needlessDirectShare: figures.needless,
    waitP99Seconds: figures.waitP99,
  }))

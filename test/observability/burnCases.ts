/** The shape of an alert's case, and the cases of the burn rates: the same five for each pair of windows. */
export interface AlertCase {
  readonly alert: string
  readonly when: string
  /** Series and their values, one each `step`. */
  readonly series: Readonly<Record<string, string>>
  readonly step?: string
  readonly at: string
  /** The labels of the firing alert, besides the severity; `false`: none may fire. */
  readonly fires: Readonly<Record<string, string>> | false
}

const turns = (outcome: string) =>
  `crossfade_turns_total{mode="runtime_orchestrator",outcome="${outcome}",instance="a"}`

/** A burn rate's cases; `share` of the turns (of 1000 a step) is just too much, over `steps` steps of `step`. */
const burn = (alert: string, step: string, steps: number, at: string, share: number) => {
  const of = (bad: string, good: string) => ({ [turns("failed")]: bad, [turns("completed")]: good })
  const steady = (permille: number) => of(`0+${permille}x${steps}`, `0+${1000 - permille}x${steps}`)
  const [half, last] = [steps / 2, 3]
  return [
    { when: "a little more than the budget's share fails", series: steady(share * 1.1), fires: {} },
    { when: "a little less than that fails", series: steady(share * 0.9), fires: false },
    {
      when: "it was too much, and is over",
      series: of(`0+${share * 4}x${half} ${share * 4 * half}x${half}`, `0+${1000 - share}x${steps}`),
      fires: false,
    },
    {
      when: "half of a handful of turns fails",
      series: of(`0x${steps - last} 4x${last}`, `0x${steps - last} 4x${last}`),
      fires: false,
    },
    {
      when: "users cancel as many as are answered",
      series: { [turns("cancelled")]: `0+500x${steps}`, [turns("completed")]: `0+500x${steps}` },
      fires: false,
    },
  ].map((one): AlertCase => ({ alert, step, at, ...one }) as AlertCase)
}

export const burnCases: ReadonlyArray<AlertCase> = [
  ...burn("SuccessBudgetBurn1h", "1m", 60, "1h", 72),
  ...burn("SuccessBudgetBurn6h", "2m", 180, "6h", 30),
  ...burn("SuccessBudgetBurn1d", "10m", 144, "1d", 15),
  ...burn("SuccessBudgetBurn3d", "30m", 144, "3d", 5),
]

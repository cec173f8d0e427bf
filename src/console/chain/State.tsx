/** The state of a step or a call: a sign and a word. */
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"

export type StateName =
  | "pending"
  | "notStarted"
  | "running"
  | "completed"
  | "failed"
  | "skipped"
  | "unfinished"
  | "unknown"

const signs: Readonly<Record<StateName, string>> = {
  pending: "○",
  notStarted: "○",
  running: "◐",
  completed: "✓",
  failed: "✕",
  skipped: "–",
  unfinished: "◌",
  unknown: "?",
}

export const Sign = ({ state }: { readonly state: StateName }) => (
  <span class={`sign ${state}`} aria-hidden="true">
    {signs[state]}
  </span>
)

export const StateWord = ({ state }: { readonly state: StateName }) => {
  const t = useText(chainText)
  return <span class={`state ${state}`}>{t(state)}</span>
}

/** Values of a run as badges and texts: the code of the API, translated where the page has a word for it. */
import { Badge, type Tone } from "../kit/Kit.tsx"
import { isRunTextKey, runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"

const tones: Readonly<Record<string, Tone>> = {
  completed: "good",
  success: "good",
  failed: "bad",
  error: "bad",
  timeout_first_content: "bad",
  timeout_stall: "bad",
  timeout_total: "bad",
  passed: "bad",
  unfinished: "bad",
  interrupted: "warn",
  cancelled: "warn",
  running: "info",
}

/** A word of the API in the language of the page. */
export const useWord = () => {
  const t = useText(runText)
  return (word: string): string => (isRunTextKey(word) ? t(word) : word)
}

export const StatusBadge = ({ status }: { readonly status: string }) => {
  const word = useWord()
  return (
    <Badge tone={tones[status] ?? "neutral"} title={status}>
      {word(status)}
    </Badge>
  )
}

export const ModeBadge = ({ mode }: { readonly mode: string }) => {
  const word = useWord()
  return (
    <span class={`badge mode ${mode}`} title={mode}>
      {word(mode)}
    </span>
  )
}

export interface Rating {
  readonly rating: string | null
  readonly score: number | null
}

export const FeedbackText = ({ feedback }: { readonly feedback: Rating | null }) => {
  const t = useText(runText)
  if (feedback === null) return <span class="quiet">–</span>
  const { rating, score } = feedback
  const parts = [
    ...(rating === "up" || rating === "down" ? [t(rating)] : []),
    ...(score === null ? [] : [t("score", { score })]),
  ]
  return <span>{parts.length === 0 ? t("comment") : parts.join(", ")}</span>
}

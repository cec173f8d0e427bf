/** The values of a run that the page shows. */
import type { RunView } from "../../api/OperatorRunsApi.ts"

type Content = NonNullable<(typeof RunView.Encoded)["content"]>

/** The facts of a run that all readers see. */
export type RunFacts = Omit<typeof RunView.Encoded, "content" | "feedback" | "nextCursor" | "hasMore">

export interface RunTexts extends Pick<Content, "execution"> {
  readonly question: string | null
  readonly feedback: { readonly rating: string | null; readonly score: number | null } | null
  readonly comment: string | null
  /** More steps and calls exist than the page reads. */
  readonly isCut: boolean
}

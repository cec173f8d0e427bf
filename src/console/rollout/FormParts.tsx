/** The parts that the inputs of all settings share. */
import type { EntryAttributes } from "../kit/Entry.tsx"
import { problemText } from "../text/ProblemText.ts"
import { useText } from "../text/Text.ts"
import type { Problem } from "./Problems.ts"
import type { Document, Draft, Mode } from "./RolloutDraft.ts"

export interface FormProps {
  readonly base: Document
  readonly draft: Draft
  readonly change: (draft: Draft) => void
  readonly problems: ReadonlyArray<Problem>
}

/** The words of the first problem at `path` or, with `within`, below it. */
export const useProblem = (problems: ReadonlyArray<Problem>) => {
  const t = useText(problemText)
  return (path: string, { within = false } = {}): string | undefined => {
    const found = problems.find((one) => one.path === path || (within && one.path.startsWith(`${path}.`)))
    if (found === undefined) return undefined
    return "message" in found ? found.message : t(found.key, found.parameters)
  }
}

export const ModeSelect = ({
  attributes,
  choose,
  mode,
}: {
  readonly attributes: EntryAttributes
  readonly mode: Mode
  readonly choose: (mode: Mode) => void
}) => (
  <select
    {...attributes}
    value={mode}
    onChange={({ currentTarget }) =>
      choose(currentTarget.value === "direct_llm" ? "direct_llm" : "runtime_orchestrator")
    }
  >
    <option value="direct_llm">direct_llm</option>
    <option value="runtime_orchestrator">runtime_orchestrator</option>
  </select>
)

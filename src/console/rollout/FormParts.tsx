/** The parts that the inputs of all settings share. */
import type { EntryAttributes } from "../kit/Entry.tsx"
import type { Problem } from "../kit/Inputs.ts"
import type { Document, Draft, Mode } from "./RolloutDraft.ts"

export interface FormProps {
  readonly base: Document
  readonly draft: Draft
  readonly change: (draft: Draft) => void
  readonly problems: ReadonlyArray<Problem>
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

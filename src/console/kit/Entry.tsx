/** An input with its label, help and problem. The problem is read with the input. */
import type { ComponentChildren } from "preact"
import { useId } from "preact/hooks"
import { problemText } from "../text/ProblemText.ts"
import { useText } from "../text/Text.ts"
import type { Problem } from "./Inputs.ts"

export interface EntryAttributes {
  readonly id: string
  readonly "aria-invalid"?: "true"
  readonly "aria-describedby"?: string
}

export const Entry = ({
  aside,
  children,
  help,
  isHeaded = false,
  label,
  problem,
}: {
  /** The label is for screen readers: a header of a table shows it. */
  readonly isHeaded?: boolean
  readonly label: string
  readonly help?: string | undefined
  readonly problem?: string | undefined
  /** Beside the label. */
  readonly aside?: ComponentChildren
  readonly children: (attributes: EntryAttributes) => ComponentChildren
}) => {
  const id = useId()
  const described = [
    ...(problem === undefined ? [] : [`${id}-problem`]),
    ...(help === undefined ? [] : [`${id}-help`]),
  ].join(" ")
  return (
    <div class="field">
      <div class={isHeaded ? "visually-hidden" : "row entry-head"}>
        <label class="field-label" for={id}>
          {label}
        </label>
        {aside}
      </div>
      {children({
        id,
        ...(described === "" ? {} : { "aria-describedby": described }),
        ...(problem === undefined ? {} : { "aria-invalid": "true" }),
      })}
      {problem !== undefined && (
        <span class="entry-problem" id={`${id}-problem`}>
          {problem}
        </span>
      )}
      {help !== undefined && (
        <span class="quiet" id={`${id}-help`}>
          {help}
        </span>
      )}
    </div>
  )
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

/** Edits the settings. A change of another operator meanwhile is shown, and the own change can be put on top of it. */
import { useRef, useState } from "preact/hooks"
import type { RolloutField } from "../../domain/RolloutLimits.ts"
import { CrossfadeError } from "../../client/CrossfadeError.ts"
import { Button, Notice } from "../kit/Kit.tsx"
import { ReasonDialog } from "../kit/ReasonDialog.tsx"
import { call } from "../service/Service.ts"
import { problemText } from "../text/ProblemText.ts"
import { rolloutText } from "../text/RolloutText.ts"
import { useText } from "../text/Text.ts"
import { Conflict } from "./Conflict.tsx"
import { effectsOf, linesOf } from "./Changes.ts"
import { ChangeList } from "./ChangeList.tsx"
import type { Problem } from "../kit/Inputs.ts"
import { problemsOf, problemsOfAnswer } from "./Problems.ts"
import { changedFields, type Document, type Draft, draftOf, patchOf, rebased } from "./RolloutDraft.ts"
import { RolloutFields } from "./RolloutFields.tsx"
import { type Loaded, readRollout } from "./ReadRollout.ts"

interface Theirs extends Loaded {
  readonly both: ReadonlyArray<RolloutField>
}

/** Saves a change. Returns the problems of its fields, or the state of another operator that came first. */
const save = async (
  base: Loaded,
  draft: Draft,
  reason: string | undefined,
): Promise<{ readonly problems?: ReadonlyArray<Problem>; readonly theirs?: Loaded }> => {
  const body = { ...patchOf(base.document, draft), ...(reason === undefined ? {} : { reason }) }
  try {
    await call("/api/v1/runtime/rollout", { method: "PUT", body, headers: { "if-match": base.etag } })
    return {}
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    if (error.status === 412 || error.status === 409) return { theirs: await readRollout() }
    const problems = problemsOfAnswer(error.details ?? []).filter(({ path }) => path !== "reason")
    if (problems.length === 0) throw error
    return { problems }
  }
}

const Review = ({
  base,
  close,
  draft,
  run,
}: {
  readonly base: Document
  readonly draft: Draft
  readonly close: () => void
  readonly run: (reason: string | undefined) => Promise<void>
}) => {
  const t = useText(rolloutText)
  return (
    <ReasonDialog title={t("reviewTitle")} action={t("save")} close={close} run={run}>
      <ChangeList lines={linesOf(base, draft)} />
      {effectsOf(base, draft).map((key) => (
        <p key={key} class="quiet">
          {t(key)}
        </p>
      ))}
    </ReasonDialog>
  )
}

const useForm = (first: Loaded, finish: (isSaved: boolean) => void) => {
  const [base, setBase] = useState(first)
  const [draft, setDraft] = useState(() => draftOf(first.document))
  const [problems, setProblems] = useState<ReadonlyArray<Problem>>([])
  const [theirs, setTheirs] = useState<Theirs>()
  const change = (next: Draft) => {
    setDraft(next)
    // Each problem stays until its own input is right, and none appears while the operator types.
    setProblems((shown) => {
      const left = problemsOf(next)
      return shown.filter(({ path }) => left.some((problem) => problem.path === path))
    })
  }
  const run = async (reason: string | undefined) => {
    const result = await save(base, draft, reason)
    if (result.theirs !== undefined) {
      const mine = changedFields(base.document, draft)
      const other = changedFields(base.document, draftOf(result.theirs.document))
      return setTheirs({ ...result.theirs, both: mine.filter((field) => other.includes(field)) })
    }
    if (result.problems !== undefined) return setProblems(result.problems)
    finish(true)
  }
  const redo = (found: Theirs) => {
    setDraft(rebased(base.document, draft, found.document))
    setBase(found)
    setTheirs(undefined)
  }
  return { base, change, draft, problems, redo, run, setProblems, theirs }
}

export const RolloutForm = ({
  finish,
  first,
}: {
  readonly first: Loaded
  readonly finish: (isSaved: boolean) => void
}) => {
  const t = useText(rolloutText)
  const tp = useText(problemText)
  const element = useRef<HTMLFormElement>(null)
  const { base, change, draft, problems, redo, run, setProblems, theirs } = useForm(first, finish)
  const [reviewing, setReviewing] = useState(false)
  const [unchanged, setUnchanged] = useState(false)
  const submit = (event: Event) => {
    event.preventDefault()
    const found = problemsOf(draft)
    setProblems(found)
    const isUnchanged = found.length === 0 && changedFields(base.document, draft).length === 0
    setUnchanged(isUnchanged)
    if (found.length === 0 && !isUnchanged) setReviewing(true)
    else requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus())
  }
  if (theirs !== undefined)
    return (
      <Conflict
        base={base.document}
        theirs={theirs.document}
        both={theirs.both}
        redo={() => redo(theirs)}
        discard={() => finish(true)}
      />
    )
  return (
    <form ref={element} noValidate onSubmit={submit}>
      <RolloutFields base={base.document} draft={draft} change={change} problems={problems} />
      <div role="alert">{problems.length > 0 && <Notice tone="bad">{tp("correctFields")}</Notice>}</div>
      <div role="status">{unchanged && <Notice>{t("noChange")}</Notice>}</div>
      <div class="row">
        <Button type="submit" look="main">
          {t("review")}
        </Button>
        <Button onClick={() => finish(false)}>{t("discard")}</Button>
      </div>
      {reviewing && <Review base={base.document} draft={draft} close={() => setReviewing(false)} run={run} />}
    </form>
  )
}

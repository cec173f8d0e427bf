/** The times of an answer, from the account of its run. */
import { useEffect, useRef, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { Answer } from "../../client/Conversation.ts"
import type { Run } from "../../client/Contract.ts"

export interface RunFacts {
  /** From the acceptance of the turn. Undefined if the run had no content. */
  readonly firstContentMs: number | undefined
  readonly totalMs: number | undefined
  readonly createdAt: number
}

export const factsOf = ({
  attempts,
  createdAt,
  times,
}: Pick<Run, "attempts" | "createdAt" | "times">): RunFacts => {
  const firsts = attempts.flatMap(({ firstContentAt, shadow }) =>
    shadow || firstContentAt === null ? [] : [firstContentAt],
  )
  return {
    createdAt,
    firstContentMs: firsts.length === 0 ? undefined : Math.max(0, Math.min(...firsts) - createdAt),
    totalMs: times.totalMs ?? undefined,
  }
}

/** Reads the run once the answer has ended and the element of `box` is on the screen. */
export const useRunFacts = (client: Client, { runId, status }: Answer) => {
  const [facts, setFacts] = useState<RunFacts>()
  const box = useRef<HTMLDivElement>(null)
  const hasEnded = status !== "running"
  useEffect(() => {
    const element = box.current
    if (!hasEnded || element === null) return undefined
    const aborting = new AbortController()
    const { signal } = aborting
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting !== true) return
      observer.disconnect()
      // The times are an addition: without them the answer is whole.
      client.run(runId, { signal, limit: 1 }).then(
        (run) => setFacts(factsOf(run)),
        () => undefined,
      )
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      aborting.abort()
    }
  }, [client, runId, hasEnded])
  return { box, facts }
}

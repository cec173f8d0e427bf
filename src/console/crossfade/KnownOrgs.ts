/** The organisations whose ids the page can offer. */
import { useCallback } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { nearestName } from "../../domain/NearestName.ts"
import { useLoaded } from "../service/Loaded.ts"
import { dataOf } from "../service/Service.ts"

/** The ids of the view, and those that have had a session. Undefined while the list is not known to be whole. */
export const useKnownOrgs = ({ decisions, evidence, orgs }: LiveView) => {
  const load = useCallback(
    (signal: AbortSignal) =>
      dataOf<{ readonly orgs: ReadonlyArray<string>; readonly hasMore: boolean }>(
        "/api/v1/runtime/orgs?limit=1000",
        { signal },
      ),
    [],
  )
  const { value } = useLoaded(load)
  const seen = [...orgs, ...decisions, ...evidence.orgs].map(({ orgId }) => orgId)
  const known = [...new Set([...seen, ...(value?.orgs ?? [])])].toSorted()
  return { known, isWhole: value !== undefined && !value.hasMore }
}

/** An id that no session has is probably misspelt. */
export const doubtOf = (
  orgId: string,
  { isWhole, known }: ReturnType<typeof useKnownOrgs>,
): { readonly nearest: string | undefined } | undefined =>
  orgId === "" || known.includes(orgId) || (!isWhole && nearestName(orgId, known) === undefined)
    ? undefined
    : { nearest: nearestName(orgId, known) }

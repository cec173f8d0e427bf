/** Requests for one run. The owner reads it by the chat routes, others by those of operators, which are audited. */
import type { RunView } from "../../api/OperatorRunsApi.ts"
import type { Data, PlacedMessage, Run } from "../../client/Contract.ts"
import { type Account, may } from "../service/Access.ts"
import { dataOf } from "../service/Service.ts"
import type { RunFacts, RunTexts } from "./RunFacts.ts"

export interface LoadedRun {
  readonly run: RunFacts
  readonly isOwn: boolean
  readonly feedback: RunTexts["feedback"]
  /** Null: not asked for, or not permitted. */
  readonly texts: RunTexts | null
}

const mostPages = 10

export const isOperator = (account: Account): boolean => may(account, "admin:read", "operator:read")

export const mayReadContent = (account: Account, { orgId }: Pick<RunFacts, "orgId">): boolean =>
  may(account, "operator:content") || (orgId === account.orgId && may(account, "admin:content"))

const isOf = (account: Account, { orgId, userId }: Pick<RunFacts, "orgId" | "userId">): boolean =>
  orgId === account.orgId && userId === account.userId

interface Paged {
  readonly nextCursor: string | null
}

/** Reads the pages of a run's chain, the first of which has the facts. */
const pagesOf = async <Page extends Paged>(
  read: (cursor: string) => Promise<Page>,
): Promise<readonly [first: Page, rest: ReadonlyArray<Page>, isCut: boolean]> => {
  const first = await read("")
  const rest: Array<Page> = []
  let next = first.nextCursor
  while (next !== null && rest.length < mostPages - 1) {
    const page = await read(`&cursor=${encodeURIComponent(next)}`)
    rest.push(page)
    next = page.nextCursor
  }
  return [first, rest, next !== null]
}

const messageOf = (id: string | null, signal: AbortSignal): Promise<PlacedMessage | undefined> =>
  id === null
    ? Promise.resolve(undefined)
    : // Its user may have deleted it. The run itself is still readable.
      dataOf<PlacedMessage>(`/api/v1/chat/messages/${id}`, { signal }).catch(() => undefined)

const readOwn = async (id: string, signal: AbortSignal): Promise<LoadedRun> => {
  const path = `/api/v1/chat/runs/${encodeURIComponent(id)}?limit=1000`
  const [run, rest, isCut] = await pagesOf<Run>((cursor) => dataOf<Data<"run">>(path + cursor, { signal }))
  const [question, answer] = await Promise.all([
    messageOf(run.userMessageId, signal),
    messageOf(run.assistantMessageId, signal),
  ])
  const feedback = answer?.feedback ?? null
  const execution = [run, ...rest].flatMap((page) => page.execution)
  const texts = {
    question: question?.content ?? null,
    feedback,
    comment: feedback?.comment ?? null,
    execution,
    isCut,
  }
  return { run, isOwn: true, feedback, texts }
}

const readOfUser = async (id: string, withContent: boolean, signal: AbortSignal): Promise<LoadedRun> => {
  const path = `/api/v1/runtime/runs/${encodeURIComponent(id)}?limit=1000${withContent ? "&content=true" : ""}`
  const [run, rest, isCut] = await pagesOf((cursor) =>
    dataOf<typeof RunView.Encoded>(path + cursor, { signal }),
  )
  const { content, feedback } = run
  if (content === null) return { run, isOwn: false, feedback, texts: null }
  const execution = [run, ...rest].flatMap((page) => page.content?.execution ?? [])
  const { comment, question } = content
  return {
    run,
    isOwn: false,
    feedback,
    texts: { question: question?.content ?? null, feedback, comment, execution, isCut },
  }
}

export const readRun = async (
  account: Account,
  id: string,
  withContent: boolean,
  signal: AbortSignal,
): Promise<LoadedRun> => {
  if (!isOperator(account)) return readOwn(id, signal)
  const found = await readOfUser(id, withContent, signal)
  // Reading the own run is not audited, and needs no permission for content.
  return isOf(account, found.run) && may(account, "chat:read") ? readOwn(id, signal) : found
}

export const eventsPath = ({ isOwn, run }: LoadedRun): string =>
  `/api/v1/${isOwn ? "chat" : "runtime"}/runs/${run.id}/events?protocol=2`

/** A command for a terminal, without the token. */
export const curlOf = (origin: string, { isOwn, run }: LoadedRun): string =>
  `curl -sS -H "Authorization: Bearer $CROSSFADE_TOKEN" '${origin}/api/v1/${isOwn ? "chat" : "runtime"}/runs/${run.id}'`

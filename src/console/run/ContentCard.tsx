/** The texts of a run: on demand for operators, at once for the user. A running run is followed. */
import { useEffect, useState } from "preact/hooks"
import { Button, Card, Failure, Loading, Notice } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { runText } from "../text/RunText.ts"
import { useText } from "../text/Text.ts"
import { ReplayPanel } from "./ReplayPanel.tsx"
import { eventsPath, type LoadedRun } from "./RunAccess.ts"
import type { RunTexts } from "./RunFacts.ts"
import { follow, type Followed } from "./RunEvents.ts"

interface ContentProps {
  readonly loaded: LoadedRun
  readonly mayRead: boolean
  /** The permission that a reader without the content lacks. */
  readonly permission: string
  readonly ask: () => void
  /** Called when the run has ended. */
  readonly ended: () => void
}

const Question = ({ texts: { comment, question } }: { readonly texts: RunTexts }) => {
  const t = useText(runText)
  return (
    <>
      <h3>{t("question")}</h3>
      {question === null ? <p class="quiet">{t("questionGone")}</p> : <p class="run-text">{question}</p>}
      {comment !== null && (
        <>
          <h3>{t("comment")}</h3>
          <p class="run-text">{comment}</p>
        </>
      )}
    </>
  )
}

const Events = ({
  ended,
  followed,
  loaded,
}: Pick<ContentProps, "ended" | "loaded"> & { readonly followed: Followed }) => {
  const t = useText(runText)
  const { error, events, state } = useStore(followed.store)
  const wasRunning = loaded.run.status === "running"
  useEffect(() => {
    if (state === "ended" && wasRunning) ended()
  }, [state, wasRunning])
  const last = events.at(-1)
  const isExpired = last?.event === "error" && last.data.code === "RUN_EVENTS_EXPIRED"
  if (error !== undefined) return <Failure error={error} />
  return (
    <>
      {(isExpired || !loaded.run.eventsKept) && <Notice tone="warn">{t("expired")}</Notice>}
      {isExpired ? null : events.length === 0 ? (
        state === "reading" ? (
          <Loading />
        ) : (
          <p class="quiet">{t("noAnswer")}</p>
        )
      ) : (
        <ReplayPanel
          events={events}
          isLive={state === "reading"}
          canReplay={loaded.run.eventsKept}
          startedAt={loaded.run.createdAt}
          endedAt={loaded.run.endedAt}
        />
      )}
    </>
  )
}

const Content = ({ ended, loaded }: Pick<ContentProps, "ended" | "loaded">) => {
  const [followed, setFollowed] = useState<Followed>()
  const path = eventsPath(loaded)
  useEffect(() => {
    const following = follow(path, loaded.run.id, loaded.run.sessionId)
    setFollowed(following)
    return following.stop
  }, [path])
  return (
    <>
      {loaded.texts !== null && <Question texts={loaded.texts} />}
      {followed !== undefined && <Events followed={followed} loaded={loaded} ended={ended} />}
    </>
  )
}

export const ContentCard = ({ ask, ended, loaded, mayRead, permission }: ContentProps) => {
  const t = useText(runText)
  return (
    <Card title={t("content")}>
      {loaded.texts !== null ? (
        <Content loaded={loaded} ended={ended} />
      ) : mayRead ? (
        <div class="row">
          <p>{t("contentHidden")}</p>
          <Button look="main" onClick={ask}>
            {t("showContent")}
          </Button>
        </div>
      ) : (
        <p class="quiet">{t("noContent", { permission })}</p>
      )}
    </Card>
  )
}

/** Every event of a run as the gateway sends it: its number, its type and its JSON. */
import "./events.css"
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { ChatEvent } from "../../client/Contract.ts"
import { CopyButton, Dialog, Failure } from "../kit/Kit.tsx"
import { Code } from "../markdown/Code.tsx"
import { eventsText } from "../text/EventsText.ts"
import { useText } from "../text/Text.ts"
import { eventsCurl } from "./Curl.ts"
import { rowsIn } from "./EventRows.ts"
import { errorOf } from "../kit/ErrorOf.ts"

interface RawEventsProps {
  readonly client: Client
  readonly runId: string
  /** The command that repeats the request of the run; undefined if its question is not known. */
  readonly requestCurl: string | undefined
  readonly close: () => void
}

interface Read {
  readonly events: ReadonlyArray<ChatEvent>
  readonly isReading: boolean
  readonly error: Error | undefined
}

/** Reads the run beside the conversation. Renders once per frame. */
const useEvents = (client: Client, runId: string): Read => {
  const [read, setRead] = useState<Read>({ events: [], isReading: true, error: undefined })
  useEffect(() => {
    const aborting = new AbortController()
    const { signal } = aborting
    const events: Array<ChatEvent> = []
    let frame = 0
    const show = (isReading: boolean, error?: Error) => {
      if (!signal.aborted) setRead({ events: [...events], isReading, error })
    }
    const readAll = async () => {
      for await (const event of client.events(runId, { signal })) {
        if (event.event !== "open") events.push(event)
        if (frame === 0)
          frame = requestAnimationFrame(() => {
            frame = 0
            show(true)
          })
      }
    }
    readAll()
      .then(
        () => show(false),
        (cause: unknown) => show(false, errorOf(cause)),
      )
      .finally(() => cancelAnimationFrame(frame))
    return () => {
      cancelAnimationFrame(frame)
      aborting.abort()
    }
  }, [client, runId])
  return read
}

const rowHeight = 30

const List = ({
  choose,
  chosen,
  rows,
}: {
  readonly rows: ReturnType<typeof rowsIn>
  readonly chosen: number | undefined
  readonly choose: (seq: number) => void
}) => {
  const t = useText(eventsText)
  const [top, setTop] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const height = box.current?.clientHeight ?? 600
  const first = Math.max(0, Math.floor(top / rowHeight) - 10)
  const shown = rows.slice(first, first + Math.ceil(height / rowHeight) + 20)
  return (
    <div
      class="event-list"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={t("list")}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <div style={{ height: `${rows.length * rowHeight}px`, paddingTop: `${first * rowHeight}px` }}>
        {shown.map(({ json, seq, type }) => (
          <button
            key={seq}
            type="button"
            class="event-row"
            aria-pressed={seq === chosen}
            onClick={() => choose(seq)}
          >
            <span class="number">{seq}</span>
            <span class="type">{type}</span>
            <span class="event-line">{json.slice(0, 200)}</span>
          </button>
        ))}
      </div>
    </div>
  )
}

export const RawEvents = ({ client, close, requestCurl, runId }: RawEventsProps) => {
  const t = useText(eventsText)
  const { error, events, isReading } = useEvents(client, runId)
  const [filter, setFilter] = useState("")
  const [chosen, setChosen] = useState<number>()
  const rows = useMemo(() => rowsIn(events, filter), [events, filter])
  const event = events.find(({ seq }) => seq === chosen)
  return (
    <Dialog title={t("title")} look="drawer" close={close}>
      <p class="quiet">
        <code>{runId}</code> · {t("tokenHint")}
      </p>
      <div class="row">
        {requestCurl !== undefined && <CopyButton label={t("copyRequest")} text={requestCurl} />}
        <CopyButton label={t("copyEvents")} text={eventsCurl(location.origin, runId)} />
      </div>
      <div class="row">
        <input
          type="search"
          aria-label={t("filter")}
          placeholder={t("filter")}
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <span class="quiet">
          {t("count", { shown: rows.length, all: events.length })}
          {isReading && ` · ${t("reading")}`}
        </span>
      </div>
      {error !== undefined && <Failure error={error} />}
      <List rows={rows} chosen={chosen} choose={setChosen} />
      <div class="event-json">
        {event === undefined ? (
          <p class="quiet">{t("choose")}</p>
        ) : (
          <Code
            language="json"
            filename={`${event.event} ${event.runId}:${event.seq}`}
            code={JSON.stringify(event.data, null, 2)}
          />
        )}
      </div>
    </Dialog>
  )
}

/** The user's conversations: the list, its filter and the search. */
import "./sidebar.css"
import { useEffect, useRef, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import { Button, Failure, Loading } from "../kit/Kit.tsx"
import { useStore } from "../kit/Store.ts"
import { sidebarText } from "../text/SidebarText.ts"
import { useText } from "../text/Text.ts"
import { SearchResults } from "./SearchResults.tsx"
import type { SessionList } from "./SessionList.ts"
import { SessionRow } from "./SessionRow.tsx"

interface SidebarProps {
  readonly client: Client
  readonly list: SessionList
  readonly shownId: string | undefined
  readonly mayWrite: boolean
  readonly isOpen: boolean
  readonly create: () => void
  readonly close: () => void
}

/** Calls `more` when the element comes into view. */
const useEndOfList = (more: () => void) => {
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = end.current
    if (element === null) return undefined
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && more())
    observer.observe(element)
    return () => observer.disconnect()
  })
  return end
}

const Filter = ({ list }: { readonly list: SessionList }) => {
  const t = useText(sidebarText)
  const { archived, counts } = useStore(list.state)
  const of = (count: number | undefined) => (count === undefined ? "" : ` (${count})`)
  const active = counts === undefined ? undefined : counts.total - counts.archived
  return (
    <div class="row" role="group" aria-label={t("show")}>
      <Button look="bare" aria-pressed={!archived} onClick={() => void list.showArchived(false)}>
        {t("active")}
        {of(active)}
      </Button>
      <Button look="bare" aria-pressed={archived} onClick={() => void list.showArchived(true)}>
        {t("archived")}
        {of(counts?.archived)}
      </Button>
    </div>
  )
}

const Undo = ({ list }: { readonly list: SessionList }) => {
  const t = useText(sidebarText)
  const { deleted } = useStore(list.state)
  const box = useRef<HTMLDivElement>(null)
  const id = deleted?.session.id
  // The row of the session had the focus, and is gone.
  useEffect(() => {
    if (id !== undefined) box.current?.querySelector("button")?.focus()
  }, [id])
  return (
    <div role="status" ref={box}>
      {deleted !== undefined && (
        <div class="notice undo">
          <span>{t("removed", { title: deleted.session.title ?? t("untitled") })}</span>
          {deleted.restorableUntil !== null && (
            <Button onClick={() => void list.restore(deleted.session.id)}>{t("undo")}</Button>
          )}
          <Button look="bare" aria-label={t("dismiss")} onClick={list.forgetDeleted}>
            ✕
          </Button>
        </div>
      )}
    </div>
  )
}

const Rows = ({ list, mayWrite, shownId }: Pick<SidebarProps, "list" | "mayWrite" | "shownId">) => {
  const t = useText(sidebarText)
  const { archived, cursor, loading, sessions } = useStore(list.state)
  const end = useEndOfList(() => void list.more())
  if (sessions === undefined) return loading ? <Loading /> : null
  if (sessions.length === 0) return <p class="quiet">{t(archived ? "emptyArchive" : "empty")}</p>
  const groups = [
    { title: t("pinned"), rows: sessions.filter(({ pinned }) => pinned) },
    { title: t("recent"), rows: sessions.filter(({ pinned }) => !pinned) },
  ]
  return (
    <>
      {groups.map(({ rows, title }) =>
        rows.length === 0 ? null : (
          <section key={title} aria-label={title}>
            <h3 class="quiet">{title}</h3>
            <ul class="sessions">
              {rows.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  list={list}
                  mayWrite={mayWrite}
                  isShown={session.id === shownId}
                />
              ))}
            </ul>
          </section>
        ),
      )}
      <div ref={end} />
      {cursor !== null && (
        <Button disabled={loading} onClick={() => void list.more()}>
          {t("more")}
        </Button>
      )}
    </>
  )
}

export const Sidebar = ({ client, close, create, isOpen, list, mayWrite, shownId }: SidebarProps) => {
  const t = useText(sidebarText)
  const { error } = useStore(list.state)
  const [query, setQuery] = useState("")
  const trimmed = query.trim()
  return (
    <aside
      class={isOpen ? "sidebar open" : "sidebar"}
      aria-label={t("conversations")}
      onKeyDown={({ key }) => key === "Escape" && isOpen && close()}
    >
      <div class="sidebar-head">
        <h2>{t("conversations")}</h2>
        <Button disabled={!mayWrite} onClick={create}>
          {t("create")}
        </Button>
        <Button look="bare" class="narrow-only" aria-label={t("hide")} onClick={close}>
          ✕
        </Button>
      </div>
      <input
        type="search"
        id="search"
        maxLength={400}
        aria-label={t("search")}
        placeholder={t("search")}
        value={query}
        onInput={({ currentTarget }) => setQuery(currentTarget.value)}
      />
      <Undo list={list} />
      {error !== undefined && <Failure error={error} retry={() => void list.reload()} />}
      {trimmed === "" ? (
        <>
          <Filter list={list} />
          <Rows list={list} mayWrite={mayWrite} shownId={shownId} />
        </>
      ) : (
        <SearchResults client={client} query={trimmed} />
      )}
    </aside>
  )
}

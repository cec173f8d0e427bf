import { useLayoutEffect, useRef, useState } from "preact/hooks"
import type { SessionOverview } from "../../client/Contract.ts"
import { Badge, Button, Dialog, type Tone } from "../kit/Kit.tsx"
import { Menu } from "../kit/Menu.tsx"
import { Time } from "../kit/Time.tsx"
import { hrefOf } from "../Router.ts"
import { sidebarText } from "../text/SidebarText.ts"
import { useText } from "../text/Text.ts"
import type { SessionList } from "./SessionList.ts"
import { visible } from "../../domain/PlainText.ts"

interface RowProps {
  readonly session: SessionOverview
  readonly list: SessionList
  readonly mayWrite: boolean
  readonly isShown: boolean
}

const tones = { running: "info", awaiting_answer: "warn", failed: "bad" } satisfies Record<string, Tone>

const longestTitle = 80

const Rename = ({
  close,
  list,
  session,
}: Pick<RowProps, "list" | "session"> & { readonly close: () => void }) => {
  const t = useText(sidebarText)
  const [title, setTitle] = useState(session.title ?? "")
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    field.current?.focus()
    field.current?.select()
  }, [])
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault()
        if (title.trim() !== "") void list.update(session.id, { title }).finally(close)
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        close()
      }}
    >
      <input
        ref={field}
        required
        maxLength={longestTitle}
        aria-label={t("title")}
        value={title}
        onInput={({ currentTarget }) => setTitle(currentTarget.value)}
      />
      <Button type="submit">{t("save")}</Button>
    </form>
  )
}

/** A gateway without a grace time for deletions cannot take one back. */
const Confirm = ({
  close,
  list,
  session,
}: Pick<RowProps, "list" | "session"> & { readonly close: () => void }) => {
  const t = useText(sidebarText)
  const remove = () => {
    close()
    void list.remove(session)
  }
  return (
    <Dialog
      title={t("removeTitle", { title: session.title ?? t("untitled") })}
      close={close}
      actions={
        <>
          <Button onClick={close}>{t("cancel")}</Button>
          <Button look="danger" onClick={remove}>
            {t("remove")}
          </Button>
        </>
      }
    >
      <p>{t("removeText")}</p>
    </Dialog>
  )
}

const Actions = ({
  list,
  remove,
  rename,
  session,
}: Pick<RowProps, "list" | "session"> & { readonly rename: () => void; readonly remove: () => void }) => {
  const t = useText(sidebarText)
  const { archived, id, pinned, title } = session
  return (
    <Menu label={t("actions", { title: title ?? t("untitled") })} shown="⋯">
      <Button onClick={rename}>{t("rename")}</Button>
      <Button onClick={() => void list.update(id, { pinned: !pinned })}>{t(pinned ? "unpin" : "pin")}</Button>
      <Button onClick={() => void list.update(id, { archived: !archived })}>
        {t(archived ? "unarchive" : "archive")}
      </Button>
      <Button look="danger" onClick={remove}>
        {t("remove")}
      </Button>
    </Menu>
  )
}

export const SessionRow = ({ isShown, list, mayWrite, session }: RowProps) => {
  const t = useText(sidebarText)
  const [isRenamed, setRenamed] = useState(false)
  const [isRemoved, setRemoved] = useState(false)
  const row = useRef<HTMLLIElement>(null)
  const { id, status, title, updatedAt } = session
  const close = () => {
    setRenamed(false)
    row.current?.querySelector("a")?.focus()
  }
  return (
    <li class="session" ref={row}>
      {isRenamed ? (
        <Rename session={session} list={list} close={close} />
      ) : (
        <a href={hrefOf("chat", id)} aria-current={isShown ? "page" : undefined}>
          <span class="title" dir="auto">
            {visible(title ?? t("untitled"))}
          </span>
          <span class="quiet">
            <Time at={updatedAt} ago /> {status !== "idle" && <Badge tone={tones[status]}>{t(status)}</Badge>}
          </span>
        </a>
      )}
      {mayWrite && !isRenamed && (
        <Actions
          session={session}
          list={list}
          rename={() => setRenamed(true)}
          remove={() => setRemoved(true)}
        />
      )}
      {isRemoved && <Confirm session={session} list={list} close={() => setRemoved(false)} />}
    </li>
  )
}

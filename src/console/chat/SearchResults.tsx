import type { Client } from "../../client/Client.ts"
import { Badge, Button, Failure } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { hrefOf } from "../Router.ts"
import { sidebarText } from "../text/SidebarText.ts"
import { useText } from "../text/Text.ts"
import { type Found, piecesOf, type Snippet, useSearch } from "./Search.ts"
import { visible } from "../../domain/PlainText.ts"

const Marked = ({ snippet }: { readonly snippet: Snippet }) => (
  <>
    {piecesOf(snippet).map(({ isMatch, text }) => (isMatch ? <mark>{visible(text)}</mark> : visible(text)))}
  </>
)

const Result = ({ result }: { readonly result: Found["results"][number] }) => {
  const t = useText(sidebarText)
  const href = hrefOf("chat", result.sessionId)
  return (
    <li class="result">
      <a href={href}>{result.title.text === "" ? t("untitled") : <Marked snippet={result.title} />}</a>
      <span class="quiet">
        <Time at={result.updatedAt} ago /> {result.archived && <Badge>{t("archived")}</Badge>}
      </span>
      {result.messages.map((message) => (
        <a
          key={message.messageId}
          class="snippet"
          href={`${href}?message=${encodeURIComponent(message.messageId)}`}
        >
          <Marked snippet={message} />
        </a>
      ))}
    </li>
  )
}

export const SearchResults = ({ client, query }: { readonly client: Client; readonly query: string }) => {
  const t = useText(sidebarText)
  const { found, more } = useSearch(client, query)
  const count = found?.results.length ?? 0
  const summary =
    found === undefined
      ? t("searching")
      : found.error !== undefined
        ? ""
        : count === 0
          ? t("nothingFound")
          : t(found.cursor === null ? "found" : "foundMore", { count })
  return (
    <>
      <p class="quiet" role="status">
        {summary}
      </p>
      {found?.error !== undefined && <Failure error={found.error} />}
      {count > 0 && (
        <ul class="sessions">
          {found?.results.map((result) => (
            <Result key={result.sessionId} result={result} />
          ))}
        </ul>
      )}
      {found !== undefined && found.cursor !== null && <Button onClick={more}>{t("more")}</Button>}
    </>
  )
}

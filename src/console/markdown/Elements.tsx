/** The elements of Markdown tokens. HTML of the model is text, and an image is a link: nothing is loaded. */
import type { ComponentChildren } from "preact"
import type { MarkedToken, Token, Tokens } from "marked"
import { markdownText } from "../text/MarkdownText.ts"
import { textOf } from "../text/Text.ts"
import { decoded, known, safeHref } from "./Blocks.ts"
import { Code } from "./Code.tsx"

/** Deeper lists and quotations are shown as their text. */
const deepest = 24

const Anchor = ({ children, href }: { readonly href: string; readonly children: ComponentChildren }) => {
  const safe = safeHref(href)
  if (safe === undefined) return <span title={href}>{children}</span>
  return (
    <a href={safe} title={safe} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}

const Image = ({ href, text }: { readonly href: string; readonly text: string }) => (
  <Anchor href={href}>{textOf(markdownText.image, { name: text === "" ? href : decoded(text) })}</Anchor>
)

const Cell = ({ cell, depth }: { readonly cell: Tokens.TableCell; readonly depth: number }) => {
  const align = cell.align === null ? {} : { class: `align-${cell.align}` }
  // A heading without text has no meaning for a screen reader.
  return cell.header && cell.text.trim() !== "" ? (
    <th scope="col" {...align}>
      {all(cell.tokens, depth)}
    </th>
  ) : (
    <td {...align}>{all(cell.tokens, depth)}</td>
  )
}

const Table = ({ depth, token }: { readonly token: Tokens.Table; readonly depth: number }) => (
  <div class="scroll-x" tabIndex={0} role="group" aria-label={textOf(markdownText.table)}>
    <table class="data">
      <thead>
        <tr>
          {token.header.map((cell) => (
            <Cell cell={cell} depth={depth} />
          ))}
        </tr>
      </thead>
      <tbody>
        {token.rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <Cell cell={cell} depth={depth} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

const List = ({ depth, token }: { readonly token: Tokens.List; readonly depth: number }) => {
  const items = token.items.map((item) => (
    <li class={item.task ? "task" : undefined}>{all(item.tokens, depth)}</li>
  ))
  return token.ordered ? (
    <ol start={token.start === "" ? undefined : token.start}>{items}</ol>
  ) : (
    <ul>{items}</ul>
  )
}

const inline = (token: MarkedToken, depth: number): ComponentChildren => {
  switch (token.type) {
    case "text":
      if (token.tokens !== undefined) return all(token.tokens, depth)
      return token.escaped === true ? token.text : decoded(token.text)
    case "escape":
      return token.text
    case "strong":
      return <strong>{all(token.tokens, depth)}</strong>
    case "em":
      return <em>{all(token.tokens, depth)}</em>
    case "del":
      return <del>{all(token.tokens, depth)}</del>
    case "codespan":
      return <code>{token.text}</code>
    case "br":
      return <br />
    case "link":
      return <Anchor href={token.href}>{all(token.tokens, depth)}</Anchor>
    case "image":
      return <Image href={token.href} text={token.text} />
    case "checkbox":
      return (
        <span role="img" aria-label={textOf(token.checked ? markdownText.done : markdownText.open)}>
          {token.checked ? "☑ " : "☐ "}
        </span>
      )
    default:
      return token.raw
  }
}

const element = (token: MarkedToken, depth: number): ComponentChildren => {
  switch (token.type) {
    case "heading":
      // All of one level, because the headings of an answer do not continue those of the page.
      return <h3 class={`depth-${token.depth}`}>{all(token.tokens, depth)}</h3>
    case "paragraph":
      return <p>{all(token.tokens, depth)}</p>
    case "code":
      return <Code code={token.text} language={token.lang?.split(/[\s{,]/)[0] ?? ""} />
    case "blockquote":
      return <blockquote>{all(token.tokens, depth)}</blockquote>
    case "list":
      return <List token={token} depth={depth} />
    case "table":
      return <Table token={token} depth={depth} />
    case "hr":
      return <hr />
    case "html":
      if (/^<br\s*\/?>$/i.test(token.raw.trim())) return <br />
      return token.block ? <p class="raw">{token.raw.trim()}</p> : token.raw
    case "space":
    case "def":
      return null
    default:
      return inline(token, depth)
  }
}

export const all = (tokens: ReadonlyArray<Token>, depth: number): ComponentChildren =>
  known(tokens).map((token) => (depth > deepest ? token.raw : element(token, depth + 1)))

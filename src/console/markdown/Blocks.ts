/**
 * Markdown as tokens of `marked`, in two steps: the blocks of a text, and the tokens of one block. A text that grows changes
 * only its last block. Pure. HTML is never made: the elements come from the tokens.
 */
import { Lexer, type MarkedToken, type Token } from "marked"

export interface Blocks {
  readonly blocks: ReadonlyArray<string>
  /** The targets of links by reference, such as `[1]: https://example.org`. Each block may use them. */
  readonly definitions: string
}

/** A longer block, and one with deeper nesting than the parser takes, is shown as it is. */
const longestBlock = 200_000

const plain = (text: string): MarkedToken => ({
  type: "paragraph",
  raw: text,
  text,
  tokens: [{ type: "text", raw: text, text, escaped: true }],
})

/** No extension is used, so each token is one of `marked` itself. */
export const known = (tokens: ReadonlyArray<Token>): ReadonlyArray<MarkedToken> =>
  tokens as ReadonlyArray<MarkedToken>

export const blocksOf = (text: string): Blocks => {
  const normal = text.replaceAll(/\r\n?/g, "\n")
  try {
    const tokens = known(new Lexer().blockTokens(normal, []))
    return {
      blocks: tokens.filter(({ type }) => type !== "space" && type !== "def").map(({ raw }) => raw),
      definitions: tokens
        .filter(({ type }) => type === "def")
        .map(({ raw }) => raw.trim())
        .join("\n"),
    }
  } catch {
    return { blocks: [normal], definitions: "" }
  }
}

export const tokensOf = (block: string, definitions: string): ReadonlyArray<MarkedToken> => {
  if (block.length > longestBlock) return [plain(block)]
  try {
    const text = definitions === "" ? block : `${definitions}\n\n${block}`
    return known(new Lexer().lex(text)).filter(({ type }) => type !== "def" && type !== "space")
  } catch {
    return [plain(block)]
  }
}

/** A map, because `&toString;` is no reference. */
const names = new Map(
  Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    nbsp: "\u00a0",
    copy: "©",
    reg: "®",
    trade: "™",
    hellip: "…",
    ndash: "–",
    mdash: "—",
    times: "×",
    middot: "·",
    bull: "•",
    rarr: "→",
    larr: "←",
    deg: "°",
    euro: "€",
  }),
)

const characterOf = (code: number): string | undefined =>
  code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined

/** The text with its character references as characters. An unknown one stays. */
export const decoded = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return names.get(String(name)) ?? whole
    return characterOf(decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)) ?? whole
  })

/** The address that a link may open: of the web or of mail. */
export const safeHref = (href: string): string | undefined => {
  if (!URL.canParse(href)) return undefined
  const { protocol } = new URL(href)
  return ["http:", "https:", "mailto:"].includes(protocol) ? href : undefined
}

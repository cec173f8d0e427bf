/** The variables of the operators' web pages: each is on the main port, on the operators' port, or off. */
import { type Page, type Place, type Places, pages } from "../domain/WebPage.ts"
import { choice, port, type ValuesOf, type Variable } from "./ConfigVariable.ts"

const place = (page: string): Variable<Place | ""> => ({
  ...choice(`Port of ${page}. Empty: the operators' port if ADMIN_PORT is set, else the main port.`, [
    "",
    "main",
    "admin",
    "off",
  ]),
  allowed: "empty, main | admin | off",
})

const listened = port("Operators' port, with the whole API and the operators' pages. Empty: none.", 1)

export const pageVariables = {
  ADMIN_PORT: {
    ...listened,
    default: "",
    allowed: "empty, or a whole number of ports from 1 to 65535",
    parse: (text: string): number | null | undefined =>
      text === "" ? null : text === "0" ? undefined : listened.parse(text),
  },
  PAGE_CONSOLE: place("the console (`/`)"),
  PAGE_DOCS: place("the reference of the API (`/docs`)"),
  PAGE_OPENAPI: place("the description of the API (`/openapi.json`)"),
  PAGE_METRICS: place("`/metrics`"),
}

type Values = ValuesOf<typeof pageVariables>

const nameOf: Readonly<Record<Page, Exclude<keyof Values, "ADMIN_PORT">>> = {
  console: "PAGE_CONSOLE",
  docs: "PAGE_DOCS",
  openapi: "PAGE_OPENAPI",
  metrics: "PAGE_METRICS",
}

export const placesOf = (values: Values): Places => {
  const placeOf = (page: Page): Place =>
    values[nameOf[page]] || (values.ADMIN_PORT === null ? "main" : "admin")
  return {
    console: placeOf("console"),
    docs: placeOf("docs"),
    openapi: placeOf("openapi"),
    metrics: placeOf("metrics"),
  }
}

/** A page on a missing port would silently disappear. */
export const pageProblems = (values: Partial<Values>) =>
  pages
    .map((page) => nameOf[page])
    .filter((name) => values.ADMIN_PORT === null && values[name] === "admin")
    .map((variable) => ({ variable, found: '"admin"', allowed: "admin only with ADMIN_PORT set" }))

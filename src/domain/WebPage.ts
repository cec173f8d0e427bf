/** The web pages beside the API, and the port that serves each. Pure. */
export const pages = ["console", "docs", "openapi", "metrics"] as const
export type Page = (typeof pages)[number]

/** `admin`: only on the operators' port. */
export type Place = "main" | "admin" | "off"
export type Places = Readonly<Record<Page, Place>>

export const pathOf: Readonly<Record<Page, `/${string}`>> = {
  console: "/",
  docs: "/docs",
  openapi: "/openapi.json",
  metrics: "/metrics",
}

export const isServed = (place: Place, isOperators: boolean): boolean =>
  place === "main" || (place === "admin" && isOperators)

/** Scripts and style sheets of the console. */
export const consoleFiles = "/console/"

export const pageOf = (path: string): Page | undefined =>
  path.startsWith(consoleFiles) ? "console" : pages.find((page) => pathOf[page] === path)

/** Headless Chromium, driven over its DevTools protocol: reads the page and its errors. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { temporaryFolder } from "./processes.ts"

export const chromium =
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "chromium"))
    .find((path) => existsSync(path)) ?? "chromium"

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
]

interface Message {
  readonly id?: number
  readonly method?: string
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever DevTools says
  readonly params?: any
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever DevTools says
  readonly result?: any
}

export class Tab {
  readonly #socket: WebSocket
  readonly #asked = new Map<number, (result: Message["result"]) => void>()
  /** Errors of the page: thrown, logged, and refused by its policy. */
  readonly complaints: Array<string> = []
  readonly #listeners = new Map<string, (params: Message["params"]) => void>()

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => {
      const message: Message = JSON.parse(String(data))
      if (message.id !== undefined) this.#asked.get(message.id)?.(message.result)
      const { method, params } = message
      if (method !== undefined) this.#listeners.get(method)?.(params)
      if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params.exceptionDetails))
      if (method === "Log.entryAdded" && params.entry.level === "error")
        this.complaints.push(params.entry.text)
      if (method === "Audits.issueAdded" && params.issue.code === "ContentSecurityPolicyIssue")
        this.complaints.push(JSON.stringify(params.issue.details))
    })
  }

  send(method: string, params: object = {}): Promise<Message["result"]> {
    const id = this.#asked.size + 1
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }

  /** Calls `listener` with each event of this name. */
  on(method: string, listener: (params: Message["params"]) => void): void {
    this.#listeners.set(method, listener)
  }

  open(url: string, referrer?: string): Promise<unknown> {
    return this.send("Page.navigate", { url, ...(referrer === undefined ? {} : { referrer }) })
  }

  /** Evaluates an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    return result.value
  }
}

/** Passes a tab of a fresh browser to `use`. */
export const inBrowser = async <A>(use: (tab: Tab) => Promise<A>): Promise<A> => {
  const folder = temporaryFolder()
  const browser = spawn(chromium, [...flags, `--user-data-dir=${folder.path}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  })
  const gone = once(browser, "exit")
  try {
    const port = await new Promise<string>((resolve) => {
      createInterface({ input: browser.stderr }).on("line", (line) => {
        const found = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as ReadonlyArray<{
      readonly type: string
      readonly webSocketDebuggerUrl: string
    }>
    const socket = new WebSocket(targets.find(({ type }) => type === "page")!.webSocketDebuggerUrl)
    await once(socket, "open")
    const tab = new Tab(socket)
    for (const domain of ["Page", "Runtime", "Log", "Audits"]) await tab.send(`${domain}.enable`)
    return await use(tab)
  } finally {
    browser.kill("SIGTERM")
    await gone
    folder.dispose()
  }
}

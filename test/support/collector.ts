/**
 * A real OpenTelemetry Collector for the tests: built by `scripts/setup-collector`, on 127.0.0.1 and free ports, with
 * its own configuration, and ended by its id. Tests read the received data from its file exporter (`received`).
 *
 * As vitest's `globalSetup` it provides `collector`, the program's path. If the program is missing, CI fails;
 * elsewhere one line says that the tests that read telemetry are left out, and the path is undefined.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { TestProject } from "vitest/node"
import { freePort } from "./freePort.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"
import { readLogs, readPoints, readSpans, type Span, textOf } from "./received.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly collector: string | undefined
  }
}

const program = resolve(import.meta.dirname, "../../.cache/otelcol/otelcol")

export default function setup({ provide }: TestProject): void {
  const found = existsSync(program)
  if (!found && process.env["CI"]) throw new Error("No collector: run scripts/setup-collector")
  if (!found) {
    console.warn(
      "!!! NO COLLECTOR: the tests that read telemetry back are LEFT OUT. Run scripts/setup-collector.",
    )
  }
  provide("collector", found ? program : undefined)
}

interface Options {
  /** Every export must carry it as `Authorization: Bearer …`. */
  readonly token?: string
}

const signals = ["traces", "metrics", "logs"] as const

/** Writes at once, so that a test waits only for the gateway's own batches. */
const configOf = (folder: string, port: number, prometheusPort: number, { token }: Options): object => ({
  extensions: token === undefined ? {} : { bearertokenauth: { token } },
  receivers: {
    otlp: {
      protocols: {
        http: {
          endpoint: `127.0.0.1:${port}`,
          ...(token === undefined ? {} : { auth: { authenticator: "bearertokenauth" } }),
        },
      },
    },
  },
  exporters: {
    ...Object.fromEntries(
      signals.map((signal) => [
        `file/${signal}`,
        { path: join(folder, `${signal}.jsonl`), append: true, flush_interval: "50ms" },
      ]),
    ),
    prometheus: {
      endpoint: `127.0.0.1:${prometheusPort}`,
      translation_strategy: "UnderscoreEscapingWithoutSuffixes",
    },
  },
  service: {
    extensions: token === undefined ? [] : ["bearertokenauth"],
    telemetry: { metrics: { level: "none" } },
    pipelines: Object.fromEntries(
      signals.map((signal) => [
        signal,
        {
          receivers: ["otlp"],
          exporters: [`file/${signal}`, ...(signal === "metrics" ? ["prometheus"] : [])],
        },
      ]),
    ),
  },
})

/** A killed collector may have written half a line, or a line without its end. */
const endLine = (path: string): void => {
  if (!existsSync(path)) return
  const text = readFileSync(path, "utf8")
  const last = text.slice(text.lastIndexOf("\n") + 1)
  if (last === "") return
  if (isJson(last)) appendFileSync(path, "\n")
  else truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(last))
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export class Collector {
  readonly folder = temporaryFolder()
  /** Receives OTLP over HTTP. */
  url!: string
  /** Serves the same metrics as Prometheus would scrape them from the collector. */
  prometheusUrl!: string
  #running!: Running

  static async start(options: Options = {}): Promise<Collector> {
    const collector = new Collector()
    const [port, prometheusPort] = [await freePort(), await freePort()]
    collector.url = `http://127.0.0.1:${port}`
    collector.prometheusUrl = `http://127.0.0.1:${prometheusPort}/metrics`
    // JSON is YAML.
    writeFileSync(
      join(collector.folder.path, "config.yaml"),
      JSON.stringify(configOf(collector.folder.path, port, prometheusPort, options)),
    )
    await collector.up()
    return collector
  }

  /** Starts on the same ports, with the files written before. */
  async up(): Promise<void> {
    for (const signal of signals) endLine(join(this.folder.path, `${signal}.jsonl`))
    const config = join(this.folder.path, "config.yaml")
    this.#running = await start(program, ["--config", config], {}, (line) =>
      line.includes("Everything is ready") ? this.url : undefined,
    )
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#running.pid, signal)
  }

  /** Its own output, such as the reason of a refusal. */
  output(): string {
    return this.#running.output()
  }

  down(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    return this.#running.stop(signal)
  }

  async stop(): Promise<void> {
    await this.#running?.stop("SIGKILL")
    this.folder.dispose()
  }

  spans = () => readSpans(this.folder.path)
  points = () => readPoints(this.folder.path)
  logs = () => readLogs(this.folder.path)
  /** All text of all signals, to search for forbidden text. */
  everything = (): string => signals.map((signal) => textOf(this.folder.path, signal)).join("\n")

  /** The spans of one trace. */
  trace = (traceId: string): ReadonlyArray<Span> => this.spans().filter((span) => span.traceId === traceId)
}

/**
 * A real Prometheus that scrapes each second, with the rules of `docs/observability`; on a free port, ended by its
 * id.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { freePort } from "./freePort.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"

/** False if it and its promtool are missing: then CI fails, and elsewhere one line reports it. */
export const hasPrometheus = (): boolean => {
  try {
    for (const program of ["prometheus", "promtool"])
      execFileSync(program, ["--version"], { stdio: "ignore" })
    return true
  } catch {
    if (process.env["CI"]) throw new Error("No prometheus: run scripts/setup-tests")
    console.warn("!!! NO PROMETHEUS: the tests that ask a real one are LEFT OUT. Run scripts/setup-tests.")
    return false
  }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A reply of its query API. */
interface Answer {
  readonly data?: {
    readonly result: ReadonlyArray<Pick<Sample, "metric"> & { readonly value: readonly [number, string] }>
  }
  readonly error?: string
}

export class Prometheus {
  readonly folder = temporaryFolder()
  url!: string
  #running!: Running

  static async start(target: string): Promise<Prometheus> {
    const made = new Prometheus()
    const { path } = made.folder
    const rules = ["recording", "alerts"].map((name) => resolve(`docs/observability/rules/${name}.yaml`))
    const scrape = { job_name: "crossfade", static_configs: [{ targets: [new URL(target).host] }] }
    const global = { scrape_interval: "1s", evaluation_interval: "1s" }
    // JSON is YAML.
    writeFileSync(
      join(path, "prometheus.yaml"),
      JSON.stringify({ global, rule_files: rules, scrape_configs: [scrape] }),
    )
    const address = `127.0.0.1:${await freePort()}`
    made.url = `http://${address}`
    made.#running = await start(
      "prometheus",
      [
        `--config.file=${join(path, "prometheus.yaml")}`,
        `--storage.tsdb.path=${join(path, "data")}`,
        `--web.listen-address=${address}`,
      ],
      { PATH: process.env["PATH"] },
      (line) => (line.includes("Server is ready to receive web requests") ? made.url : undefined),
    )
    return made
  }

  async query(expr: string): Promise<ReadonlyArray<Sample>> {
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: expr }),
    })
    const answer = (await response.json()) as Answer
    if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`)
    return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  async stop(): Promise<void> {
    await this.#running?.stop("SIGKILL")
    this.folder.dispose()
  }
}

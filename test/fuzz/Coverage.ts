/** Finds the blocks of `src` that have run, by V8's own counters: the fuzzer keeps inputs that run new blocks. */
import { type Profiler, Session } from "node:inspector"

export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Set<string>()

  constructor() {
    this.#session.connect()
    this.#session.post("Profiler.enable")
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true })
  }

  /** The blocks that ran since the last call and that `add` does not know. */
  fresh(): ReadonlyArray<string> {
    const ran = this.#take()
      .filter(({ url }) => url.includes("/src/") && !url.includes("/node_modules/"))
      .flatMap(({ functions, url }) =>
        functions.flatMap(({ ranges }) =>
          ranges.flatMap(({ count, endOffset, startOffset }) =>
            count > 0 ? [`${url} ${startOffset} ${endOffset}`] : [],
          ),
        ),
      )
    return ran.filter((block) => !this.#seen.has(block))
  }

  add(blocks: ReadonlyArray<string>): void {
    for (const block of blocks) this.#seen.add(block)
  }

  stop(): void {
    this.#session.disconnect()
  }

  #take(): ReadonlyArray<Profiler.ScriptCoverage> {
    let found: ReadonlyArray<Profiler.ScriptCoverage> = []
    // A session of its own thread answers before `post` returns.
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error
      found = result
    })
    return found
  }
}

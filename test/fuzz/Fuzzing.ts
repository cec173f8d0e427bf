/**
 * Runs one target over mutations of its seeds and its corpus. With coverage, an input that runs new code joins the
 * corpus.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import type { Coverage } from "./Coverage.ts"
import { dice, mutated } from "./Mutation.ts"
import type { Target } from "./Targets.ts"

export interface Found {
  readonly target: string
  readonly what: string
  readonly input: Uint8Array
}

/** Processor time after which a run counts as a hang. */
const longestMs = 1000

const corpusFile = (target: string): URL => new URL(`corpus/${target}.txt`, import.meta.url)

/** One input a line, in base64. */
export const corpusOf = (target: string): ReadonlyArray<Uint8Array> => {
  const file = corpusFile(target)
  if (!existsSync(file)) return []
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Buffer.from(line, "base64"))
}

/** The repository stores no longer ones. */
const longestKept = 4096

export const keep = (target: string, inputs: ReadonlyArray<Uint8Array>): void => {
  const short = inputs.filter(({ length }) => length <= longestKept)
  if (short.length === 0) return
  const all = [...corpusOf(target), ...short].map((input) => Buffer.from(input).toString("base64"))
  writeFileSync(corpusFile(target), [...new Set(all)].map((line) => `${line}\n`).join(""))
}

/** The fault that one input causes, if any. */
export const tried = async (target: Target, input: Uint8Array): Promise<string | undefined> => {
  const before = process.cpuUsage()
  try {
    await target.run(input)
  } catch (cause) {
    return cause instanceof Error ? `${cause.name}: ${cause.message}\n${cause.stack}` : String(cause)
  }
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1000 > longestMs ? `a hang of ${(system + user) / 1000} ms` : undefined
}

export interface Fuzzed {
  readonly runs: number
  readonly found: Found | undefined
  /** Inputs that ran new code. */
  readonly fresh: ReadonlyArray<Uint8Array>
}

/** Inputs per coverage read, which costs more than any of them. */
const batch = 64

export interface FuzzOptions {
  readonly target: Target
  readonly seed: number
  /** Called before each batch. */
  readonly goesOn: (runs: number) => boolean
  readonly coverage?: Coverage
}

class Fuzzer {
  runs = 0
  found: Found | undefined
  readonly fresh: Array<Uint8Array> = []
  readonly #target: Target
  readonly #coverage: Coverage | undefined

  constructor({ coverage, target }: FuzzOptions) {
    this.#target = target
    this.#coverage = coverage
  }

  /** Stops at the first input that causes a fault. */
  async run(inputs: ReadonlyArray<Uint8Array>): Promise<void> {
    for (const input of inputs) {
      this.runs++
      const what = await tried(this.#target, input)
      if (what === undefined) continue
      this.found = { target: this.#target.name, what, input }
      return
    }
  }

  /** The inputs of a batch that ran new code. */
  async worthKeeping(inputs: ReadonlyArray<Uint8Array>): Promise<ReadonlyArray<Uint8Array>> {
    const coverage = this.#coverage
    if (coverage === undefined || coverage.fresh().length === 0) return []
    const worth: Array<Uint8Array> = []
    for (const input of inputs) {
      await this.run([input])
      const fresh = coverage.fresh()
      coverage.add(fresh)
      if (fresh.length > 0) worth.push(input)
    }
    this.fresh.push(...worth)
    return worth
  }
}

export const fuzz = async (options: FuzzOptions): Promise<Fuzzed> => {
  const { coverage, goesOn, seed, target } = options
  const corpus: Array<Uint8Array> = [...(await target.seeds()), ...corpusOf(target.name)]
  const fuzzer = new Fuzzer(options)
  await fuzzer.run(corpus)
  coverage?.add(coverage.fresh())
  for (let number = 0; fuzzer.found === undefined && goesOn(fuzzer.runs); number += batch) {
    const first = seed * 2_000_003 + number
    const inputs = Array.from({ length: batch }, (_, at) => mutated(corpus, dice(first + at)))
    await fuzzer.run(inputs)
    if (fuzzer.found === undefined) corpus.push(...(await fuzzer.worthKeeping(inputs)))
  }
  return fuzzer
}

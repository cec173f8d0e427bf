/** The arguments of `npm run bench`. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"

/** By letter. */
export const titles: Readonly<Record<string, string>> = {
  a: "turns of a runtime, all events in one write",
  b: "turns of a runtime, a write for each event",
  c: "first content, gaps, streams without a stall",
  d: "turns of a model",
  e: "memory of an idle stream",
  f: "the monitor and the decision",
  g: "start to ready",
  h: "the store's share of a turn",
  i: "heap over many turns",
  j: "cost of a turn with many streams and organisations",
  k: "memory of a flood",
  l: "memory of a live turn",
  m: "memory, this machine's disk and slow disks",
  n: "open load: arrivals at a rate",
  o: "several workers on PostgreSQL and Redis",
  p: "slow commits of PostgreSQL",
}

export const help = `npm run bench -- [options]

  --quick           fewer rounds and smaller lanes: 4 minutes instead of 25
  --lanes LETTERS   these lanes only
  --rounds N        rounds of the lanes that alternate (9; 3 with --quick)
  --against FOLDER  also the gateway of another checkout, in alternation (lanes a, b, c, d, m, n)
  --no-peers        without the gateways of others
  --json FILE       stores the figures

${Object.entries(titles)
  .map(([letter, title]) => `  ${letter}  ${title}`)
  .join("\n")}`

export interface Options {
  readonly quick: boolean
  readonly lanes: string
  readonly rounds: number
  readonly against: string | undefined
  readonly peers: boolean
  readonly json: string | undefined
  readonly help: boolean
}

const known = Object.keys(titles).join("")

const lanesOf = (letters: string): string => {
  const unknown = [...letters].find((letter) => !known.includes(letter))
  if (letters === "" || unknown !== undefined)
    throw new Error(`--lanes must be letters of ${known}, not "${letters}"`)
  return letters
}

const roundsOf = (text: string | undefined, byDefault: number): number => {
  const rounds = Number(text ?? byDefault)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new Error(`--rounds must be a whole number from 1, not "${text}"`)
}

const checkoutOf = (folder: string | undefined): string | undefined => {
  if (folder === undefined || existsSync(join(folder, "src/main.ts")))
    return folder === undefined ? undefined : resolve(folder)
  throw new Error(`--against must be a checkout of the gateway; "${folder}" has no src/main.ts`)
}

/** Throws with the option and the allowed values. */
export const optionsOf = (args: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      lanes: { type: "string", default: known },
      rounds: { type: "string" },
      against: { type: "string" },
      "no-peers": { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  })
  return {
    quick: values.quick,
    lanes: lanesOf(values.lanes),
    rounds: roundsOf(values.rounds, values.quick ? 3 : 9),
    against: checkoutOf(values.against),
    peers: !values["no-peers"],
    json: values.json,
    help: values.help,
  }
}

import { describe, expect, it } from "vitest"
import { namesOfIds, results } from "../../scripts/faults-page.ts"
import { allKinds } from "../wires/Wires.ts"
import { checklist } from "./Checklist.ts"
import { headCases } from "./Heads.ts"
import { endOf } from "./Seen.ts"
import { toxicCases } from "./Toxics.ts"

const rows = results()

describe("the page of faults", () => {
  it("has a test, a measured row or a reason for every id", () => {
    const names = namesOfIds()
    const without = checklist.filter(
      ({ id, note }) =>
        note === undefined && names.get(id)?.length === 0 && !rows.some((row) => row.id === id),
    )
    expect(without).toEqual([])
  })

  it("shows nothing that was not expected", () => {
    expect(rows.filter(({ expected, seen }) => expected !== seen)).toEqual([])
  })

  it("has a row for each upstream fault of the tables, with what is expected now (npm run faults measures them)", () => {
    const measured = new Set(rows.map(({ at, expected, fault }) => `${fault} | ${at} | ${expected}`))
    const tables = [...toxicCases, ...headCases].flatMap(({ expected, fault, kinds }) =>
      kinds.flatMap((kind) =>
        [false, true].map(
          (withSecond) =>
            `${fault} | ${kind} ${withSecond ? "and a second" : "alone"} | ${endOf(expected(kind, withSecond))}`,
        ),
      ),
    )
    expect(tables.length).toBeGreaterThan(40 * allKinds.length)
    expect(tables.filter((row) => !measured.has(row))).toEqual([])
  })
})

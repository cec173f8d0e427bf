import { expect, it } from "vitest"
import { merge } from "../../src/workers/MergedMetrics.ts"

const page = (turns: number, heap: number, bucket = turns) => `# HELP turns_total Turns
# TYPE turns_total counter
turns_total{mode="a b"} ${turns}
turns_total{mode="c"} 0
# HELP heap Heap in use
# TYPE heap gauge
heap ${heap}
heap{kind="x"} 1
# TYPE time_ms histogram
time_ms_bucket{le="1"} ${bucket}
time_ms_bucket{le="+Inf"} ${turns}
time_ms_sum 0.5
time_ms_count ${turns}
`

it("adds counters and histograms, and gives each gauge the label of its worker", () => {
  const text = merge([
    { worker: 1, isAlive: true, text: page(2, 100) },
    { worker: 2, isAlive: true, text: page(3, 200) },
  ])
  expect(text).toBe(`# HELP turns_total Turns
# TYPE turns_total counter
turns_total{mode="a b"} 5
turns_total{mode="c"} 0
# HELP heap Heap in use
# TYPE heap gauge
heap{worker="1"} 100
heap{kind="x",worker="1"} 1
heap{worker="2"} 200
heap{kind="x",worker="2"} 1
# TYPE time_ms histogram
time_ms_bucket{le="1"} 5
time_ms_bucket{le="+Inf"} 5
time_ms_sum 1
time_ms_count 5
`)
})

it("keeps the counters of a worker that ended, and drops its gauges", () => {
  const ended = merge([
    { worker: 1, isAlive: false, text: page(2, 100) },
    { worker: 1, isAlive: false, text: page(7, 300) },
  ])
  expect(ended).not.toContain("heap")
  const text = merge([
    { worker: 0, isAlive: false, text: ended },
    { worker: 2, isAlive: true, text: page(1, 200) },
  ])
  expect(text).toContain('turns_total{mode="a b"} 10\n')
  expect(text).toContain("time_ms_count 10\n")
  expect(text.match(/^heap.*/gm)).toEqual(['heap{worker="2"} 200', 'heap{kind="x",worker="2"} 1'])
})

it("gives an empty page for workers that have not reported", () => {
  expect(merge([{ worker: 1, isAlive: true, text: "" }])).toBe("")
})

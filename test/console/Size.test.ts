/** The bytes of the console's first load. */
import { readFileSync, statSync } from "node:fs"
import { describe, expect, it } from "vitest"

const built = "src/console/built"
const html = readFileSync(`${built}/index.html`, "utf8")
const loaded = [...html.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, name]) => name!)

describe("the console", () => {
  it("loads at most 150 kB of gzip at first", () => {
    expect(loaded.some((name) => name.endsWith(".js"))).toBe(true)
    const bytes = ["index.html", ...loaded].map((name) => statSync(`${built}/${name}.gz`).size)
    const kB = bytes.reduce((sum, size) => sum + size, 0) / 1000
    console.info(`console: ${kB.toFixed(1)} kB gzip at first`)
    expect(kB).toBeLessThan(150)
  })

  it("has no inline script, style or handler", () => {
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=/i)
  })
})

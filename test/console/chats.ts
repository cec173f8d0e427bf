/** Acts of a user of the chat view. */
import type { Locator, Page } from "playwright-core"
import { expect } from "vitest"

export const field = (page: Page): Locator => page.getByRole("textbox", { name: "Your message" })

/** Sends by Enter, as most users do. */
export const send = async (page: Page, text: string): Promise<void> => {
  await field(page).fill(text)
  await field(page).press("Enter")
}

export const answers = (page: Page): Locator => page.getByRole("article", { name: "Answer" })

export const questions = (page: Page): Locator => page.getByRole("article", { name: "You" })

/** The nth answer in an end state. */
export const ended = async (page: Page, index = 0, status = "completed"): Promise<Locator> => {
  const answer = answers(page).nth(index)
  await expect.poll(() => answer.getAttribute("data-status"), { timeout: 30_000 }).toBe(status)
  return answer
}

/** A property of an element. The tests have no types of a page. */
export const read = (locator: Locator, name: string): Promise<unknown> =>
  locator.evaluate((element, name) => Reflect.get(element, name), name)

export const hasFocus = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => {
    const owner: unknown = Reflect.get(element, "ownerDocument")
    return typeof owner === "object" && owner !== null && Reflect.get(owner, "activeElement") === element
  })

export const sessionIdOf = (page: Page): string => /#\/chat\/([^?]+)/.exec(page.url())?.[1] ?? ""

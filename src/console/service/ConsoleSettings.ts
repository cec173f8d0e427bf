/** The settings of the page, read once. Public, so they need no token. Undefined until they are read. */
import type { ConsoleSettings } from "../../api/ConsoleApi.ts"
import { makeStore } from "../kit/Store.ts"

export const consoleSettings = makeStore<typeof ConsoleSettings.Encoded | undefined>(undefined)

export const readConsoleSettings = async (): Promise<void> => {
  const response = await fetch("/api/v1/console")
  const { data } = await response.json()
  consoleSettings.set(data)
}

// Without an answer the page offers neither the provider's sign-in nor links to traces.
readConsoleSettings().catch(() => undefined)

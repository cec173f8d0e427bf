/** The colours of the page: as the system, light or dark. The choice stays in this browser. */
import { makeStore } from "./kit/Store.ts"

export const schemes = ["auto", "light", "dark"] as const
export type Scheme = (typeof schemes)[number]

const saved = schemes.find((one) => one === localStorage.getItem("scheme")) ?? "auto"

export const scheme = makeStore<Scheme>(saved)

const apply = (chosen: Scheme): void => {
  if (chosen === "auto") delete document.documentElement.dataset["scheme"]
  else document.documentElement.dataset["scheme"] = chosen
}

export const chooseScheme = (chosen: Scheme): void => {
  localStorage.setItem("scheme", chosen)
  apply(chosen)
  scheme.set(chosen)
}

apply(saved)

/**
 * The words of the console in each language. Each view has a catalogue beside this file; every entry has all languages, or it does
 * not compile. `{name}` in a text stands for a parameter, which others may have
 * written.
 */
import { makeStore, useStore } from "../kit/Store.ts"
import { visible } from "../../domain/PlainText.ts"

export const languages = { en: "English", zh: "中文" } as const
export type Language = keyof typeof languages

export type Entry = Readonly<Record<Language, string>>
export type Parameters = Readonly<Record<string, string | number>>

/** The saved choice, or else the browser's language. */
const preferred = (): Language => {
  const saved = localStorage.getItem("language")
  if (saved === "en" || saved === "zh") return saved
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("zh")) ? "zh" : "en"
}

export const language = makeStore<Language>(preferred())

export const chooseLanguage = (chosen: Language): void => {
  localStorage.setItem("language", chosen)
  language.set(chosen)
}

export const textOf = (
  entry: Entry,
  parameters: Parameters = {},
  chosen: Language = language.get(),
): string =>
  entry[chosen].replaceAll(/\{(\w+)\}/g, (whole, name: string) => visible(String(parameters[name] ?? whole)))

/** Renders again after a change of the language: `const t = useText(chatText)`, then `t("send")`. */
export const useText = <Catalogue extends Readonly<Record<string, Entry>>>(catalogue: Catalogue) => {
  const chosen = useStore(language)
  return (key: keyof Catalogue, parameters?: Parameters): string =>
    textOf(catalogue[key] as Entry, parameters, chosen)
}

/** The part of a request's headers that the rules of the rollout may look at. Pure. Credentials and cookies stay at the edge. */

/** The first tag is taken as it stands, whatever weights follow; `*` is no language. */
const languageOf = (acceptLanguage: string | undefined): string | undefined =>
  /^\s*([a-z]{2,8})(?=$|[-,;\s])/i.exec(acceptLanguage ?? "")?.[1]?.toLowerCase()

/** `headers`: names in lower case, as the server gives them. */
export const ruleInputs = (headers: Readonly<Record<string, string | undefined>>) => ({
  headers: Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("x-") && value !== undefined ? [[name, value]] : [],
    ),
  ),
  language: languageOf(headers["accept-language"]),
})

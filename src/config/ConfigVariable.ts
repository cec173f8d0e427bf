/** Parsers for the text of environment variables, one for each kind. Pure. */

/** The definition of one variable. `parse` returns undefined if the text is not allowed. */
export interface Variable<A> {
  readonly default: string
  readonly allowed: string
  readonly about: string
  readonly secret?: boolean
  /** True if the name in lower case counts too and takes precedence, as in curl. */
  readonly lowerCase?: boolean
  /** True for a value that causes a warning and counts as not set, as the variable's standard requires. */
  readonly ignores?: (text: string) => boolean
  readonly parse: (text: string) => A | undefined
  /** The reason why `parse` refuses a text, in addition to `allowed`. Never repeats a secret. */
  readonly why?: (text: string) => string
}

/** The values of a table of variables; undefined for a refused one. */
export type ValuesOf<Variables extends Readonly<Record<string, Variable<unknown>>>> = {
  readonly [Name in keyof Variables]: ReturnType<Variables[Name]["parse"]>
}

export const number = (options: {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly unit: string
  readonly about: string
  readonly integer?: boolean
}): Variable<number> => ({
  default: String(options.default),
  allowed: `${options.integer === false ? "a number" : "a whole number"} of ${options.unit} from ${options.min} to ${options.max}`,
  about: options.about,
  parse: (text) => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    const whole = options.integer === false || Number.isInteger(value)
    return whole && value >= options.min && value <= options.max ? value : undefined
  },
})

export const millis = (about: string, fallback: number, min = 1, max = 86_400_000): Variable<number> =>
  number({ default: fallback, min, max, unit: "milliseconds", about })

export const share = (about: string, fallback: number): Variable<number> =>
  number({ default: fallback, min: 0, max: 1, unit: "1 (a share)", about, integer: false })

export const optionalText = (about: string, allowed: string): Variable<string> => ({
  default: "",
  allowed,
  about,
  parse: (text) => text,
})

export const url = (about: string, protocols: ReadonlyArray<string>): Variable<string> => ({
  default: "",
  allowed: `empty, or a URL with ${protocols.join(" or ")}`,
  about,
  parse: (text) => {
    if (text === "") return ""
    // Without its last slashes, a scheme alone no longer starts with a protocol.
    const bare = text.replace(/\/+$/, "")
    return protocols.some((protocol) => bare.startsWith(protocol)) && URL.canParse(bare) ? bare : undefined
  },
})

/** Paths are appended to it, so it must not contain parts that come last; credentials belong elsewhere. */
export const address = (about: string): Variable<string> => {
  const any = url(about, ["http://", "https://"])
  return {
    ...any,
    allowed: `${any.allowed}, without query, fragment or credentials`,
    parse: (text) => {
      const found = any.parse(text)
      const parsed = found ? new URL(found) : undefined
      return parsed === undefined || parsed.search + parsed.hash + parsed.username + parsed.password === ""
        ? found
        : undefined
    },
  }
}

export const choice = <const A extends string>(about: string, values: ReadonlyArray<A>): Variable<A> => ({
  default: values[0]!,
  allowed: values.join(" | "),
  about,
  parse: (text) => values.find((value) => value === text),
})

/** A list of some of `values`, each once. */
export const choices = <const A extends string>(
  about: string,
  values: ReadonlyArray<A>,
  fallback: string,
): Variable<ReadonlyArray<A>> => ({
  default: fallback,
  allowed: `some of ${values.join(", ")}, separated by commas`,
  about,
  parse: (text) => {
    const given = list(text)
    const found = values.filter((value) => given.includes(value))
    return found.length === given.length && found.length > 0 ? found : undefined
  },
})

export const port = (about: string, fallback: number): Variable<number> =>
  number({ default: fallback, min: 0, max: 65_535, unit: "ports (0: any free one)", about })

export const list = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

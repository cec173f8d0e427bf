/** Parses the names in a PromQL expression: its metrics, and the labels that it reads. Strings are skipped. */

export interface Named {
  readonly metrics: ReadonlyArray<string>
  /** A label, and its value if it is compared with `=`. */
  readonly labels: ReadonlyArray<readonly [label: string, value: string | undefined]>
}

const words = new Set([
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "and",
  "or",
  "unless",
  "bool",
  "offset",
])

export const namesIn = (expr: string): Named => {
  const labels: Array<readonly [string, string | undefined]> = []
  const withoutSelectors = expr.replaceAll(/\{([^}]*)\}/g, (_, inside: string) => {
    for (const [, label = "", operator, value] of inside.matchAll(
      /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g,
    ))
      labels.push([label, operator === "=" ? value : undefined])
    return ""
  })
  const withoutGroups = withoutSelectors.replaceAll(
    /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g,
    (_, inside: string) => {
      for (const label of inside.split(",")) labels.push([label.trim(), undefined])
      return ""
    },
  )
  const metrics = Array.from(
    withoutGroups.replaceAll(/\[[^\]]*\]/g, "").matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*\b(?![\w:]|\s*\()/g),
    ([name]) => name,
  ).filter((name) => !words.has(name))
  return { metrics: [...new Set(metrics)], labels }
}

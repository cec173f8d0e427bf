/** Checks names of models, which are recorded and shown to readers. Pure. */

export const isModelName = (value: unknown): value is string =>
  typeof value === "string" && /^[\x20-\x7e]{1,200}$/.test(value)

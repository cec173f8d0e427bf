import type { Entry } from "./Text.ts"

/** Problems of inputs, with the allowed values. */
export const problemText = {
  between: {
    en: "Enter a number from {minimum} to {maximum}.",
    zh: "请输入 {minimum} 到 {maximum} 之间的数字。",
  },
  wholeBetween: {
    en: "Enter a whole number from {minimum} to {maximum}.",
    zh: "请输入 {minimum} 到 {maximum} 之间的整数。",
  },
  wholeFrom: { en: "Enter a whole number, at least {minimum}.", zh: "请输入不小于 {minimum} 的整数。" },
  tooMany: { en: "At most {most} entries.", zh: "最多 {most} 项。" },
  tooLong: { en: "At most {most} characters.", zh: "最多 {most} 个字符。" },
  twice: { en: "“{value}” is in the list twice.", zh: "“{value}”在列表中重复。" },
  uuid: { en: "“{value}” is not the id of an agent (a UUID).", zh: "“{value}”不是智能体的 ID（UUID）。" },
  languageTag: {
    en: "“{value}” is not a language. Use its short code: de for de-AT.",
    zh: "“{value}”不是语言代码。请使用短代码，例如 de-AT 用 de。",
  },
  belowLeast: { en: "Enter at least the shortest length.", zh: "不能小于最短长度。" },
  noCondition: { en: "A rule needs at least one condition.", zh: "规则至少需要一个条件。" },
  headerName: { en: "The name must begin with x-, as in x-team.", zh: "名称必须以 x- 开头，例如 x-team。" },
  lengthBetween: { en: "Enter 1 to {most} characters.", zh: "请输入 1 到 {most} 个字符。" },
  nameTaken: { en: "Another rule has this name.", zh: "另一条规则已使用此名称。" },
  durationUnknown: {
    en: "Enter a duration such as 90s, 30m, 1h 30m or 2d.",
    zh: "请输入时长，例如 90s、30m、1h 30m 或 2d。",
  },
  durationBetween: {
    en: "Enter a duration from {minimum} to {maximum}.",
    zh: "时长应在 {minimum} 到 {maximum} 之间。",
  },
  notRising: { en: "Enter more than the step before, {before}%.", zh: "必须大于上一步的 {before}%。" },
  firstTooHigh: {
    en: "The first step is at most {most}%, so that the control is as large as the treatment.",
    zh: "第一步最多 {most}%，使对照组与实验组一样大。",
  },
  correctFields: {
    en: "The form has errors. Correct the marked fields.",
    zh: "表单有错误，请修改标出的字段。",
  },
} satisfies Readonly<Record<string, Entry>>

import type { Entry } from "./Text.ts"

export const markdownText = {
  image: { en: "Image: {name}", zh: "图片：{name}" },
  table: { en: "Table", zh: "表格" },
  done: { en: "Done", zh: "已完成" },
  open: { en: "Open", zh: "未完成" },
  code: { en: "Code", zh: "代码" },
} satisfies Readonly<Record<string, Entry>>

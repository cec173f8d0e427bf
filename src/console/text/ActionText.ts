import type { Entry } from "./Text.ts"

export const actionText = {
  cancel: { en: "Cancel", zh: "取消" },
  reason: { en: "Reason", zh: "原因" },
  reasonHelp: { en: "Stored in the audit, at most 500 characters.", zh: "保存在审计中，最多 500 个字符。" },
} satisfies Readonly<Record<string, Entry>>

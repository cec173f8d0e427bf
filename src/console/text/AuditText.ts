import type { Entry } from "./Text.ts"

export const auditText = {
  title: { en: "Audit", zh: "审计" },
  about: {
    en: "Changes of the routing and of keys, reads of users' data, and erasures. Newest first; entries are never deleted.",
    zh: "路由和密钥的更改、读取用户数据、删除。最新的在前，条目永不删除。",
  },
  when: { en: "When", zh: "时间" },
  who: { en: "Who", zh: "操作者" },
  action: { en: "Action", zh: "操作" },
  change: { en: "Change", zh: "更改" },
  reason: { en: "Reason", zh: "原因" },
  request: { en: "request {id}", zh: "请求 {id}" },
  service: { en: "service", zh: "服务" },
  search: { en: "Search in the loaded entries", zh: "在已加载条目中搜索" },
  anyAction: { en: "all actions", zh: "所有操作" },
  anyPerson: { en: "everyone", zh: "所有人" },
  shown: { en: "{shown} of {loaded} loaded entries", zh: "已加载 {loaded} 条中的 {shown} 条" },
  more: { en: "Load older entries", zh: "加载更早的条目" },
  all: { en: "All entries are loaded.", zh: "已加载全部条目。" },
  none: { en: "No entry fits.", zh: "没有符合的条目。" },
  empty: { en: "Nothing has been recorded yet.", zh: "还没有记录。" },
  refresh: { en: "Refresh", zh: "刷新" },
  json: { en: "Export JSON", zh: "导出 JSON" },
  csv: { en: "Export CSV", zh: "导出 CSV" },
  exportHelp: { en: "The export has the entries that are shown.", zh: "导出当前显示的条目。" },
  absent: { en: "(none)", zh: "（无）" },
} satisfies Readonly<Record<string, Entry>>

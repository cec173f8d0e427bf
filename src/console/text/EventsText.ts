import type { Entry } from "./Text.ts"

export const eventsText = {
  title: { en: "Events of the run", zh: "运行的事件" },
  filter: { en: "Filter by type or text", zh: "按类型或文本筛选" },
  count: { en: "{shown} of {all} events", zh: "{shown} / {all} 个事件" },
  reading: { en: "reading", zh: "正在读取" },
  list: { en: "Events", zh: "事件" },
  choose: { en: "Choose an event to see its JSON.", zh: "选择一个事件以查看其 JSON。" },
  copyRequest: { en: "Copy the request as curl", zh: "将请求复制为 curl" },
  copyEvents: { en: "Copy the reading of events as curl", zh: "将事件读取复制为 curl" },
  tokenHint: {
    en: "The commands take the token from $CROSSFADE_TOKEN.",
    zh: "命令从 $CROSSFADE_TOKEN 读取令牌。",
  },
} satisfies Readonly<Record<string, Entry>>

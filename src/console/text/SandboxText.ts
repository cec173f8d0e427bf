import type { Entry } from "./Text.ts"

export const sandboxText = {
  title: { en: "Sandbox", zh: "沙盒" },
  about: {
    en: "This gateway runs on its sandbox: a small runtime and a small model on this machine. Break one on purpose and see what users see.",
    zh: "此网关运行在其沙盒上：本机上的小型运行时和小型模型。故意破坏其中之一，看看用户会看到什么。",
  },
  absent: {
    en: "This gateway does not run on its sandbox: it has a runtime or a provider of its own. There is nothing to break here.",
    zh: "此网关未运行在沙盒上：它有自己的运行时或提供方。这里没有可破坏的内容。",
  },
  runtime: { en: "Runtime", zh: "运行时" },
  model: { en: "Model of direct mode", zh: "直连模式的模型" },
  modelShort: { en: "Model", zh: "模型" },
  current: { en: "Now", zh: "当前" },
  healthy: { en: "no fault", zh: "无故障" },
  fixAll: { en: "Fix everything", zh: "全部修复" },
  fixed: { en: "Both servers work.", zh: "两个服务器都正常工作。" },
  fix: { en: "Fix", zh: "修复" },
  fault: { en: "Fault", zh: "故障" },
  effect: { en: "Effect", zh: "效果" },
  watch: {
    en: "Result for the message “Hello” (fault of the runtime)",
    zh: "消息“Hello”的结果（运行时故障）",
  },
  set: { en: "Set on", zh: "设置于" },
  setOn: { en: "Set {fault} on: {server}", zh: "在{server}上设置 {fault}" },
  active: { en: "active: {server}", zh: "已启用：{server}" },
  rate: { en: "Share that fails, 0 to 1", zh: "失败比例，0 到 1" },
  afterEvents: { en: "After how many events", zh: "在多少个事件之后" },
  downEffect: { en: "Destroys every connection.", zh: "断开所有连接。" },
  downWatch: {
    en: "Chat: a fallback with UPSTREAM_TRUNCATED, then direct mode's answer. Crossfade: without more messages the breaker opens after 35 s, by probes.",
    zh: "对话：降级 UPSTREAM_TRUNCATED，然后是直连模式的回答。切换：没有更多消息时，熔断器在 35 秒后由探测打开。",
  },
  hangEffect: { en: "Sends headers, then only pings.", zh: "发送响应头，然后只发送心跳。" },
  hangWatch: {
    en: "Chat: after 15 s a fallback with TIMEOUT_FIRST_PROGRESS, then the answer. It comes sooner, down to 5 s, once 20 attempts are known.",
    zh: "对话：15 秒后降级 TIMEOUT_FIRST_PROGRESS，然后是回答。已知 20 次尝试后会更快，最短 5 秒。",
  },
  slowEffect: { en: "Works twenty times slower.", zh: "慢二十倍。" },
  slowWatch: {
    en: "Chat: the runtime's answer after 69 s, because each step shows progress in time. Crossfade: if no other turn arrives, probes take longer than 8 s and the breaker opens.",
    zh: "对话：69 秒后得到运行时的回答，因为每一步都及时显示进度。切换：没有其他轮次时，探测超过 8 秒，熔断器打开。",
  },
  "error-rateEffect": { en: "A share of the executions fails.", zh: "一部分执行失败。" },
  "error-rateWatch": {
    en: "Chat: for those turns a fallback with INTERNAL_ERROR, then direct mode's answer.",
    zh: "对话：这些轮次降级 INTERNAL_ERROR，然后是直连模式的回答。",
  },
  "error-textEffect": {
    en: "The runtime fails and reports it as the text of an answer. The model has no such fault.",
    zh: "运行时失败，并把它作为回答文本报告。模型没有此故障。",
  },
  "error-textWatch": {
    en: "Chat: a fallback with UPSTREAM_FAILED. The reader sees nothing of the text.",
    zh: "对话：降级 UPSTREAM_FAILED。读者看不到该文本。",
  },
  cutEffect: { en: "Breaks off in the middle of an event.", zh: "在事件中间断开。" },
  cutWatch: {
    en: "Chat: after 3 events the plan, then a fallback. After 5 an error at the call, because a tool was called and must not run twice.",
    zh: "对话：3 个事件后显示计划，然后降级。5 个事件后在调用处出错，因为工具已被调用，不能运行两次。",
  },
  garbageEffect: { en: "Sends an undecodable line before each event.", zh: "在每个事件前发送无法解码的行。" },
  garbageWatch: {
    en: "Chat: no effect. Fewer than five such lines in a row are skipped.",
    zh: "对话：没有影响。连续少于五行会被跳过。",
  },
  prefixTitle: { en: "Messages that the sandbox knows", zh: "沙盒识别的消息" },
  prefix: {
    en: "A message that begins with /plain gets an answer without plan and tools. With cut after 5 events its text is retracted and sent again by direct mode.",
    zh: "以 /plain 开头的消息得到没有计划和工具的回答。在 5 个事件后断开时，其文本会被撤回并由直连模式重新发送。",
  },
  traffic: { en: "Traffic", zh: "流量" },
  trafficAbout: {
    en: "The breaker needs traffic. This sends 20 turns as you, each in a new session of your history, five a second.",
    zh: "熔断器需要流量。这会以您的身份发送 20 个轮次，每个都在您历史中的新会话里，每秒五个。",
  },
  trafficDenied: {
    en: "Your account may not chat: it lacks chat:write or sessions:write. Sign in with a user's token to send turns.",
    zh: "您的账户不能对话：缺少 chat:write 或 sessions:write。请使用用户令牌登录以发送轮次。",
  },
  send: { en: "Send 20 turns", zh: "发送 20 个轮次" },
  cancel: { en: "Cancel", zh: "取消" },
  sent: { en: "{sent} of {count} sent, {ended} ended", zh: "已发送 {sent}/{count}，已结束 {ended}" },
  byRuntime: { en: "answered by the runtime: {count}", zh: "运行时回答：{count}" },
  byDirect: { en: "answered by direct mode: {count}", zh: "直连模式回答：{count}" },
  failed: { en: "failed: {count}", zh: "失败：{count}" },
} satisfies Readonly<Record<string, Entry>>

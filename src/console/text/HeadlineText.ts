/** The first line of the crossfade view. The English texts are those of every screen. */
import { largestUnits } from "../../domain/Duration.ts"
import { filled, type HeadlineText, headlineTexts, type Line } from "../../domain/Headline.ts"
import { duration } from "../kit/Time.tsx"
import { type Language, textOf } from "./Text.ts"

const chinese: Readonly<Record<HeadlineText, string>> = {
  noTarget: "没有任何模式有目标：每个轮次都会失败。请配置运行时或直连提供方。",
  noRuntime: "未配置运行时：所有轮次由直连模式回答。",
  forcedDirect: "{by} 的人工指定，直到 {until}：直连模式回答{turns}。原因：{reason}",
  forcedDirectUntilEnded: "{by} 的人工指定，直到运维人员结束：直连模式回答{turns}。原因：{reason}",
  forcedNowhere: "{by} 的人工指定：{turns}必须使用直连模式，但未配置直连提供方，因此会失败。原因：{reason}",
  forcedRuntime: "{by} 的人工指定，直到 {until}：运行时接收{turns}，即使它出错。原因：{reason}",
  forcedRuntimeUntilEnded: "{by} 的人工指定，直到运维人员结束：运行时接收{turns}，即使它出错。原因：{reason}",
  allRuntime: "所有轮次都使用运行时。",
  rolloutAll: "按照发布设置，所有新会话使用运行时。已使用直连模式的会话保持不变。",
  rolloutShare: "按照发布设置，{share} 的新会话使用运行时，其余由直连模式回答。会话保持自己的模式。",
  rolloutNone: "按照发布设置，所有新会话使用直连模式。已使用运行时的会话在熔断器允许时继续使用它。",
  open: "直连模式回答{turns}：熔断器在 {ago} 前打开，原因：{reason}。下一次探测在 {probe} 后。",
  openProbing: "直连模式回答{turns}：熔断器在 {ago} 前打开，原因：{reason}。探测即将进行。",
  openElsewhere: "直连模式回答{turns}：熔断器在 {ago} 前打开，原因：{reason}。由另一个副本探测运行时。",
  halfOpen: "直连模式回答{turns}，每次只有一轮去探测运行时：熔断器打开的原因：{reason}。",
  openNoDirect: "未配置直连提供方：运行时仍接收{turns}。熔断器在 {ago} 前离开运行时，原因：{reason}。",
  openBothFail: "轮次仍使用运行时，因为直连模式也在出错。熔断器在 {ago} 前离开运行时，原因：{reason}。",
  ramp: "正在逐步恢复：{share} 的会话使用运行时，其余由直连模式回答。熔断器打开的原因：{reason}。",
  rampLast: "恢复即将完成：所有会话都可以再次使用运行时。熔断器打开的原因：{reason}。",
  orgs: "有自己的熔断器或人工指定的组织：{count} 个。",
  orgsOrMore: "有自己的熔断器或人工指定的组织：至少 {count} 个。",
  fleetLost: "无法连接集群的 Redis：每个副本各自决定。",
  noWayBack: "未配置直连提供方：如果运行时出错，轮次也会失败。",
  deniedFail: "被拒绝名单中的组织的轮次会失败：它们不能使用运行时。",
  directFails: "直连模式现在出错：由它开始或转到它的轮次可能失败。",
  exceptions: "发布的名单或规则对部分轮次可能另有决定。",
  ofRollout: "这只适用于发布给运行时的 {share} 的会话。",
  allTurns: "所有轮次",
  turnsOf: "{org} 的轮次",
}

export const percent = (share: number, tag: string): string =>
  new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 }).format(share)

/** In the words of the language, unlike `durationText`. */
const longDuration = (ms: number, tag: string): string =>
  largestUnits(ms)
    .map(({ count, name }) =>
      new Intl.NumberFormat(tag, { style: "unit", unit: name, unitDisplay: "short" }).format(count),
    )
    .join(" ")

/** With the day if it is not today. */
const timeOf = ({ now, time }: { readonly time: number; readonly now: number }, tag: string): string => {
  const day = { month: "short", day: "numeric" } as const
  const isToday = new Date(time).toDateString() === new Date(now).toDateString()
  return new Intl.DateTimeFormat(tag, {
    ...(isToday ? {} : day),
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(time)
}

export const headlineSentence = ({ text, values }: Line, tag: Language): string => {
  const of = (key: HeadlineText) => ({ en: headlineTexts[key], zh: chinese[key] })
  return filled(of(text)[tag], values, (value) => {
    if ("time" in value) return timeOf(value, tag)
    if ("ms" in value) return longDuration(value.ms, tag)
    if ("share" in value) return percent(value.share, tag)
    return value.turns === null
      ? textOf(of("allTurns"), {}, tag)
      : textOf(of("turnsOf"), { org: value.turns }, tag)
  })
}

/** Milliseconds, or a dash for a missing figure. */
export const shownMs = (ms: number | null): string => (ms === null ? "–" : duration(ms))

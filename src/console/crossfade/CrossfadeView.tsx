/** The crossfade view: its tabs. Each tab is a chunk of its own. */
import "./crossfade.css"
import type { ComponentType } from "preact"
import { lazy, Suspense } from "preact/compat"
import { Loading } from "../kit/Kit.tsx"
import { hrefOf } from "../Router.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"

const tabs = ["live", "rollout", "autopilot", "shadow", "audit", "notifications"] as const
type Tab = (typeof tabs)[number]

const shown: Readonly<Record<Tab, ComponentType<ViewProps>>> = {
  live: lazy(() => import("./LiveTab.tsx")),
  notifications: lazy(() => import("./NotificationsTab.tsx")),
  rollout: lazy(() => import("../rollout/RolloutTab.tsx")),
  autopilot: lazy(() => import("../rollout/AutopilotTab.tsx")),
  shadow: lazy(() => import("../shadow/ShadowTab.tsx")),
  audit: lazy(() => import("../audit/AuditTab.tsx")),
}

const CrossfadeView = (props: ViewProps) => {
  const t = useText(crossfadeText)
  const [first] = props.route.path
  const current = tabs.find((tab) => tab === first) ?? "live"
  const Shown = shown[current]
  return (
    <div class="page crossfade">
      <h1 class="visually-hidden">{t(current)}</h1>
      <nav class="tabs" aria-label={t("tabs")}>
        {tabs.map((tab) => (
          <a
            key={tab}
            href={tab === "live" ? hrefOf("crossfade") : hrefOf("crossfade", tab)}
            aria-current={tab === current ? "page" : undefined}
          >
            {t(tab)}
          </a>
        ))}
      </nav>
      <Suspense fallback={<Loading />}>
        <Shown {...props} />
      </Suspense>
    </div>
  )
}

export default CrossfadeView

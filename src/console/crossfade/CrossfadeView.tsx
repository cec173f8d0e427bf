import type { ComponentType } from "preact"
import { lazy } from "preact/compat"
import { hrefOf } from "../Router.ts"
import type { ViewProps } from "../ViewProps.ts"

const tabs: Readonly<Record<string, ComponentType<ViewProps>>> = {
  rollout: lazy(() => import("../rollout/RolloutTab.tsx")),
  autopilot: lazy(() => import("../rollout/AutopilotTab.tsx")),
  shadow: lazy(() => import("../shadow/ShadowTab.tsx")),
  audit: lazy(() => import("../audit/AuditTab.tsx")),
}

const CrossfadeView = (props: ViewProps) => {
  const name = props.route.path[0] ?? "rollout"
  const Tab = tabs[name]
  return (
    <div class="page">
      <h1>Crossfade</h1>
      <nav class="row" aria-label="Crossfade">
        {Object.keys(tabs).map((tab) => (
          <a key={tab} href={hrefOf("crossfade", tab)} aria-current={tab === name ? "page" : undefined}>
            {tab}
          </a>
        ))}
      </nav>
      {Tab !== undefined && <Tab {...props} />}
    </div>
  )
}

export default CrossfadeView

/** The execution chain of an answer: plans, steps, calls, thoughts, fallbacks, retracts and the error at its place. */
import "./chain.css"
import { useMemo } from "preact/hooks"
import type { Answer } from "../../client/Conversation.ts"
import { useCalm } from "../kit/Calm.ts"
import { duration } from "../kit/Time.tsx"
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"
import { type Tree, treeOf } from "./ChainTree.ts"
import { Nodes } from "./Nodes.tsx"

const Summary = ({ ms, tree }: { readonly tree: Tree; readonly ms: number | undefined }) => {
  const t = useText(chainText)
  const { calls, errors, plans, steps } = tree
  const counts = [
    plans > 0 && (plans === 1 ? t("onePlan") : t("plans", { count: plans })),
    steps > 0 && (steps === 1 ? t("oneStep") : t("steps", { count: steps })),
    calls > 0 && (calls === 1 ? t("oneCall") : t("calls", { count: calls })),
    errors > 0 && (errors === 1 ? t("oneError") : t("errors", { count: errors })),
    ms !== undefined && duration(ms),
  ].filter((count) => count !== false)
  return <span class="quiet">{counts.join(" · ")}</span>
}

/** Neither a landmark nor a heading: a conversation has many chains, at a depth that the chain does not know. */
export const Chain = ({ answer }: { readonly answer: Answer }) => {
  const t = useText(chainText)
  const shown = useCalm(answer)
  const tree = useMemo(() => treeOf(shown), [shown])
  const isLive = shown.status === "running"
  return (
    <div class="chain" role="group" aria-label={t("chain")}>
      <div class="chain-head">
        <strong>{t("chain")}</strong>
        <Summary tree={tree} ms={shown.usage?.latencyMs} />
      </div>
      {tree.roots.length === 0 && <p class="quiet">{t(isLive ? "empty" : "emptyEnded")}</p>}
      <Nodes nodes={tree.roots} isLive={isLive} />
    </div>
  )
}

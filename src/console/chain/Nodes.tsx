/** The nodes of the chain with a state: plans, steps and calls. Each renders again only if it or a node inside of it has changed. */
import { memo } from "preact/compat"
import { duration } from "../kit/Time.tsx"
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"
import { type ChainNode, isSameNode } from "./ChainTree.ts"
import { ErrorNode } from "./ErrorNode.tsx"
import { Fold } from "./Fold.tsx"
import { JsonTree, LongText } from "./JsonTree.tsx"
import { LeafNode } from "./Leaves.tsx"
import { Sign, type StateName, StateWord } from "./State.tsx"
import { visible } from "../../domain/PlainText.ts"

type NodeOf<Kind extends ChainNode["kind"]> = Extract<ChainNode, { readonly kind: Kind }>
interface Live {
  /** The run still runs. */
  readonly isLive: boolean
}

const Took = ({ ms }: { readonly ms: number | undefined }) =>
  ms === undefined || !Number.isFinite(ms) ? null : <span class="took">{duration(ms)}</span>

/** The browser lays a block out only while it is near the screen. To watch each item would cost more than it saves. */
const blockSize = 10

const blocksOf = (nodes: ReadonlyArray<ChainNode>): ReadonlyArray<ReadonlyArray<ChainNode>> =>
  Array.from({ length: Math.ceil(nodes.length / blockSize) }, (_, index) =>
    nodes.slice(index * blockSize, (index + 1) * blockSize),
  )

const Items = ({ isLive, nodes }: Live & { readonly nodes: ReadonlyArray<ChainNode> }) =>
  nodes.map((node) => <Item key={node.key} node={node} isLive={isLive} />)

/**
 * All items are in the page, so that the search of the browser, Tab and screen readers find them. Elements without a role
 * between a list and its items leave it one list. A short list has a block too: an item that moves into one would be new.
 */
export const Nodes = ({ isLive, nodes }: Live & { readonly nodes: ReadonlyArray<ChainNode> }) =>
  nodes.length === 0 ? null : (
    <div class="chain-list" role="list">
      {blocksOf(nodes).map((block, index) => (
        <div key={index} class={nodes.length > blockSize ? "chain-block" : undefined}>
          <Items nodes={block} isLive={isLive} />
        </div>
      ))}
    </div>
  )

const stepState = ({ status }: NodeOf<"step">["value"], isLive: boolean): StateName =>
  status === "pending" && !isLive ? "notStarted" : status

const Step = ({ isLive, node }: Live & { readonly node: NodeOf<"step"> }) => {
  const t = useText(chainText)
  const { description, durationMs, error, params, result, title, tool } = node.value
  const state = stepState(node.value, isLive)
  return (
    <div class={`step ${state}`}>
      <div class="chain-line">
        <Sign state={state} />
        <bdi class="chain-name">{visible(title)}</bdi>
        <StateWord state={state} />
        <Took ms={durationMs} />
      </div>
      {description !== undefined && <p class="quiet">{visible(description)}</p>}
      {error !== undefined && (
        <p class="failure">
          <LongText text={error} />
        </p>
      )}
      {(params !== undefined || result !== undefined) && (
        <Fold summary={tool === undefined ? t("details") : t("stepTool", { name: visible(tool) })}>
          {params !== undefined && <JsonTree name={t("parameters")} value={params} />}
          {result !== undefined && <JsonTree name={t("result")} value={result} />}
        </Fold>
      )}
      <Nodes nodes={node.children} isLive={isLive} />
    </div>
  )
}

const callStates = {
  calling: "running",
  success: "completed",
  error: "failed",
  unknown: "unknown",
} as const

const CallHead = ({ call }: { readonly call: NodeOf<"call">["value"] }) => {
  const t = useText(chainText)
  const state = callStates[call.status]
  return (
    <>
      <Sign state={state} />
      <span class="badge">{t(call.kind)}</span>
      <bdi class="chain-name">{visible(call.name)}</bdi>
      {call.serverId !== undefined && (
        <bdi class="quiet">{t("onServer", { server: visible(call.serverId) })}</bdi>
      )}
      <StateWord state={state} />
      <Took ms={call.durationMs} />
    </>
  )
}

const Call = ({ isLive, node }: Live & { readonly node: NodeOf<"call"> }) => {
  const t = useText(chainText)
  const call = node.value
  return (
    <div class={`call ${call.status}`}>
      <Fold class="call-fold" summary={<CallHead call={call} />}>
        {call.isCalled && <JsonTree name={t("arguments")} value={call.arguments} />}
        {call.result !== undefined && <JsonTree name={t("result")} value={call.result} />}
      </Fold>
      {!call.isCalled && <p class="quiet">{t("withoutCall")}</p>}
      {call.status === "unknown" && <p class="quiet">{t("noResult")}</p>}
      {call.error !== undefined && (
        <p class="failure">
          <LongText text={call.error} />
        </p>
      )}
      <Nodes nodes={node.children} isLive={isLive} />
    </div>
  )
}

const Plan = ({ isLive, node }: Live & { readonly node: NodeOf<"plan"> }) => {
  const t = useText(chainText)
  const { left, progress, steps } = node.value
  return (
    <div class="plan" role="group" aria-label={t("plan", { number: node.number })}>
      <div class="chain-line plan-head">
        <span>{t("plan", { number: node.number })}</span>
        {progress !== undefined && <span class="quiet">{Math.round(progress)}%</span>}
        {left && <span class="state failed">{t("left")}</span>}
      </div>
      {steps.length === 0 && <p class="quiet">{t("noSteps")}</p>}
      <Nodes nodes={node.children} isLive={isLive && !left} />
    </div>
  )
}

const Body = ({ isLive, node }: Live & { readonly node: ChainNode }) => {
  switch (node.kind) {
    case "plan":
      return <Plan node={node} isLive={isLive} />
    case "step":
      return <Step node={node} isLive={isLive} />
    case "call":
      return <Call node={node} isLive={isLive} />
    case "leaf":
      return <LeafNode part={node.value} isLive={isLive} />
    case "error":
      return <ErrorNode error={node.value} />
  }
}

const Item = memo(
  ({ isLive, node }: Live & { readonly node: ChainNode }) => (
    <div class={`chain-item ${node.kind}-item`} role="listitem">
      <Body node={node} isLive={isLive} />
    </div>
  ),
  (before, after) => before.isLive === after.isLive && isSameNode(before.node, after.node),
)

import "./run.css"
import type { ViewProps } from "../ViewProps.ts"
import { RunPage } from "./RunPage.tsx"
import { RunsList } from "./RunsList.tsx"

const RunsView = ({ account, route }: ViewProps) => {
  const [id] = route.path
  return id === undefined ? (
    <RunsList account={account} query={route.query} />
  ) : (
    <RunPage key={id} account={account} id={id} />
  )
}

export default RunsView

import type { ViewProps } from "../ViewProps.ts"

const RunsView = ({ account }: ViewProps) => <p>{account.userId}</p>

export default RunsView

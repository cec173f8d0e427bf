import type { ViewProps } from "../ViewProps.ts"

const SandboxView = ({ account }: ViewProps) => <p>{account.userId}</p>

export default SandboxView

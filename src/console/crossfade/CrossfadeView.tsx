import type { ViewProps } from "../ViewProps.ts"

const CrossfadeView = ({ account }: ViewProps) => <p>{account.userId}</p>

export default CrossfadeView

import type { ViewProps } from "../ViewProps.ts"

export const ChatView = ({ account }: ViewProps) => <p>{account.userId}</p>

/** Shows the error of a view in its place, so that one broken view leaves the others usable. */
import { Component, type ComponentChildren } from "preact"
import { errorOf } from "./ErrorOf.ts"

interface Props {
  readonly shown: (error: Error, again: () => void) => ComponentChildren
  readonly children: ComponentChildren
}

export class ErrorBoundary extends Component<Props, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}

  override componentDidCatch(error: unknown) {
    console.error(error)
    this.setState({ error: errorOf(error) })
  }

  override render({ children, shown }: Props) {
    const { error } = this.state
    return error === undefined ? children : shown(error, () => this.setState({ error: undefined as never }))
  }
}

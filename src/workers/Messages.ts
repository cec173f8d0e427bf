/** The messages between the primary and its workers, over Node's IPC channel. Both ends are the same program. */
import type { AddressInfo } from "node:net"

/** The two ports of the service. */
export type Port = "main" | "operators"

/** The first message: everything that a worker does not read from the environment. */
export interface Assignment {
  readonly kind: "begin"
  /** 1 to N. A replacement has the number of the worker that ended. */
  readonly worker: number
  /** Unplanned ends of workers since the last replacement. */
  readonly restarts: number
  readonly addresses: Readonly<Partial<Record<Port, AddressInfo>>>
  /** The sandbox runs in the primary, once for all workers. */
  readonly sandbox?: { readonly runtimeUrl: string; readonly modelUrl: string }
}

export type ToWorker =
  | Assignment
  /** Comes with a socket. */
  | { readonly kind: "connection"; readonly port: Port }
  /** No connection of this port follows. */
  | { readonly kind: "left"; readonly port: Port }
  /** Asks for the worker's metrics. */
  | { readonly kind: "report"; readonly id: number }
  /** The metrics of all workers, for a worker that asked. */
  | { readonly kind: "metrics"; readonly id: number; readonly text: string }
  | { readonly kind: "stop" }

export type ToPrimary =
  /** The worker takes connections of this port; before it is ready, it answers 503. */
  | { readonly kind: "open"; readonly port: Port }
  | { readonly kind: "ready" }
  /** The worker stops: it takes connections only if no other worker is ready. */
  | { readonly kind: "stopping" }
  /** The reason of a failed start, in words. */
  | { readonly kind: "failed"; readonly text: string; readonly code: number }
  /** The last connection arrived. */
  | { readonly kind: "taken" }
  | { readonly kind: "closed"; readonly count: number }
  | { readonly kind: "leave"; readonly port: Port }
  | { readonly kind: "report"; readonly id: number; readonly text: string }
  | { readonly kind: "metrics"; readonly id: number }

const hasKind = (message: unknown): boolean =>
  typeof message === "object" && message !== null && "kind" in message && typeof message.kind === "string"

/** Node's own messages on the channel have no kind. */
export const isToWorker = (message: unknown): message is ToWorker => hasKind(message)
export const isToPrimary = (message: unknown): message is ToPrimary => hasKind(message)

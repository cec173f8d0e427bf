/** Compile-time equality of the schemas with the types of `@ag-ui/core`. `npm run typecheck` fails if they differ. */
import type * as Core from "@ag-ui/core"
import { expect, it } from "vitest"
import { EventType } from "@ag-ui/core"
import type { Json } from "effect/Schema"
import {
  type AgentInterrupt,
  type AgUiEvent,
  type EventOf,
  eventTypes,
  type JsonPatch,
  type Message,
  type RunAgentInput,
} from "../../../src/execution/ag-ui/AgUiWire.ts"

type Primitive = string | number | boolean | null | undefined

/** Any JSON: `any` in the package, `Json` or `unknown` in the schemas. */
type Opaque = { readonly opaque: true }

/** A type with enums as texts, readonly, and any JSON as `Opaque`. */
type Normal<T> = 0 extends 1 & T
  ? Opaque
  : unknown extends T
    ? Opaque
    : [Json] extends [T]
      ? Opaque
      : T extends EventType
        ? `${T}`
        : T extends Primitive
          ? T
          : T extends ReadonlyArray<infer Item>
            ? ReadonlyArray<Normal<Item>>
            : { readonly [Key in keyof T]: Normal<T[Key]> }

type Equal<A, B> =
  (<T>() => T extends Normal<A> ? 1 : 2) extends <T>() => T extends Normal<B> ? 1 : 2 ? true : false

/** The types of events whose schema differs from the package's type. */
type Differing = {
  [Type in AgUiEvent["type"]]: Equal<EventOf<Type>, Extract<Core.AGUIEvent, { type: `${Type}` }>> extends true
    ? never
    : Type
}[AgUiEvent["type"]]

const noEventDiffers: [Differing] extends [never] ? true : Differing = true
const noEventMissing: Equal<AgUiEvent["type"], `${EventType}`> = true
const sameInput: Equal<RunAgentInput, Core.RunAgentInput> = true
const sameMessage: Equal<Message, Core.Message> = true
const sameInterrupt: Equal<AgentInterrupt, Core.Interrupt> = true
const samePatch: Equal<JsonPatch, Core.JsonPatch> = true

it("equals the types of @ag-ui/core", () => {
  expect([noEventDiffers, noEventMissing, sameInput, sameMessage, sameInterrupt, samePatch]).not.toContain(
    false,
  )
  expect([...eventTypes].toSorted()).toEqual(Object.values(EventType).toSorted())
})

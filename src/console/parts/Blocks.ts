/** The parts of an answer's body: without those of the execution chain, and one terminal for each sandbox. Pure. */
import type { Part } from "../../client/Parts.ts"
import type { SandboxPart } from "./SandboxRules.ts"

export type Block =
  | { readonly kind: "part"; readonly key: string; readonly part: Part }
  | {
      readonly kind: "terminal"
      readonly key: string
      readonly id: string
      readonly parts: Array<SandboxPart>
    }

const isOfChain = ({ type }: Part): boolean => type === "plan" || type === "call" || type === "thinking"

const isSandbox = (part: Part): part is SandboxPart =>
  part.type === "sandbox_log" || part.type === "sandbox_output" || part.type === "sandbox_status"

export const blocksOf = (parts: ReadonlyArray<Part>): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  const terminals = new Map<string, Array<SandboxPart>>()
  for (const part of parts) {
    if (isOfChain(part)) continue
    if (!isSandbox(part)) {
      blocks.push({ kind: "part", key: part.key, part })
      continue
    }
    const id = part.data.sandboxId
    const known = terminals.get(id)
    if (known !== undefined) known.push(part)
    else {
      const own = [part]
      terminals.set(id, own)
      blocks.push({ kind: "terminal", key: part.key, id, parts: own })
    }
  }
  return blocks
}

/** The files that a provider takes in one request. Sources: docs/reference/providers.md, "Files". Pure. */
import type { DirectProvider, ProviderKind } from "../../domain/DirectProvider.ts"
import type { AttachmentRules } from "../files/AttachmentRules.ts"

const mb = 1024 * 1024
/** The instructions and the texts of a conversation are in the same request. */
const room = 2 * mb

type Limits = Omit<AttachmentRules, "as" | "kinds">

const compatible: Limits = { mostBytes: 20 * mb - room, mostImageBytes: 20 * mb, mostFiles: 20 }

const limits: Readonly<Record<ProviderKind, Limits>> = {
  "openai-compatible": compatible,
  sandbox: compatible,
  openai: { mostBytes: 50 * mb - room, mostImageBytes: 50 * mb, mostFiles: 500 },
  anthropic: { mostBytes: 32 * mb - room, mostImageBytes: 5 * mb, mostFiles: 100 },
  google: {
    mostBytes: 20 * mb - room,
    mostImageBytes: 20 * mb,
    mostFiles: 1000,
    refusedTypes: ["image/gif"],
  },
}

export const rulesOf = ({ attachments, kind }: DirectProvider): AttachmentRules => ({
  kinds: attachments,
  as: "contents",
  ...limits[kind],
})

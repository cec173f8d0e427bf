/** The files of the next message: each is uploaded at once, and a refused one stays with its reason until it is removed. */
import { useRef, useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { UploadedFile } from "../../client/Contract.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { anyOf, fitTogether, type Kinds, kindOf } from "./FileKinds.ts"
import { errorOf } from "../kit/ErrorOf.ts"

interface Attached {
  readonly key: number
  readonly name: string
  readonly file?: UploadedFile
  readonly error?: string
}

export const mostFiles = 10

/** `kinds` is undefined if the agent is not known; the gateway then decides alone. */
export const useAttachments = (client: Client, kinds: Kinds | undefined) => {
  const t = useText(chatText)
  const [files, setFiles] = useState<ReadonlyArray<Attached>>([])
  const [problem, setProblem] = useState<string>()
  const lastKey = useRef(0)
  const change = (key: number, result: Partial<Attached>) =>
    setFiles((before) => before.map((one) => (one.key === key ? { ...one, ...result } : one)))
  const refusal = ({ type }: File): string | undefined => {
    if (kinds === undefined) return undefined
    const kind = kindOf(type)
    const taken = anyOf(kinds)
    if (taken.length === 0) return t("noFiles")
    if (taken.includes(kind)) return undefined
    return t("kindRefused", { kind: t(kind), kinds: taken.map((one) => t(one)).join(", ") })
  }
  const upload = async (key: number, given: File): Promise<void> => {
    try {
      change(key, { file: await client.upload(given) })
    } catch (cause) {
      change(key, { error: errorOf(cause).message })
    }
  }
  const add = (given: ReadonlyArray<File>): void => {
    const taken = given.slice(0, mostFiles - files.length)
    setProblem(taken.length < given.length ? t("mostFiles", { count: mostFiles }) : undefined)
    const added = taken.map((given): { readonly given: File; readonly shown: Attached } => {
      lastKey.current += 1
      const error = refusal(given)
      const shown = { key: lastKey.current, name: given.name }
      return { given, shown: error === undefined ? shown : { ...shown, error } }
    })
    setFiles((before) => [...before, ...added.map(({ shown }) => shown)])
    for (const { given, shown } of added) if (shown.error === undefined) void upload(shown.key, given)
  }
  const uploaded = files.flatMap(({ file }) => (file === undefined ? [] : [file]))
  const areTogether =
    kinds === undefined ||
    fitTogether(
      kinds,
      uploaded.map(({ kind }) => kind),
    )
  return {
    files,
    uploaded,
    problem: areTogether ? problem : t("kindsApart"),
    isReady: areTogether && uploaded.length === files.length,
    add,
    remove: (key: number) => {
      setProblem(undefined)
      setFiles((before) => before.filter((one) => one.key !== key))
    },
    clear: () => setFiles([]),
  }
}

export type Attachments = ReturnType<typeof useAttachments>

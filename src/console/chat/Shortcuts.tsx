/** The keys of the chat view, and the dialog that lists them. */
import { useEffect } from "preact/hooks"
import { Dialog } from "../kit/Kit.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"

const listed = [
  ["Enter", "keySend"],
  ["Shift+Enter", "keyLine"],
  ["Esc", "keyStop"],
  ["Ctrl+Shift+O", "keyNew"],
  ["Ctrl+K", "keySearch"],
  ["Ctrl+/", "keyHelp"],
] as const

interface Keys {
  readonly create: () => void
  readonly search: () => void
  readonly help: () => void
}

/** On a Mac, Command works like Control. */
const actionOf = ({ ctrlKey, key, metaKey, shiftKey }: KeyboardEvent): keyof Keys | undefined => {
  if (!ctrlKey && !metaKey) return undefined
  if (shiftKey) return key.toLowerCase() === "o" ? "create" : undefined
  return key === "/" ? "help" : key.toLowerCase() === "k" ? "search" : undefined
}

export const useShortcuts = (keys: Keys): void => {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionOf(event)
      if (action === undefined) return
      event.preventDefault()
      keys[action]()
    }
    addEventListener("keydown", press)
    return () => removeEventListener("keydown", press)
  })
}

export const Shortcuts = ({ close }: { readonly close: () => void }) => {
  const t = useText(chatText)
  return (
    <Dialog title={t("shortcuts")} close={close}>
      <dl class="shortcuts">
        {listed.map(([keys, label]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

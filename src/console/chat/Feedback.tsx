/** The user's rating of an answer. A second click on the same thumb withdraws it. */
import { useState } from "preact/hooks"
import type { Client } from "../../client/Client.ts"
import type { Answer } from "../../client/Conversation.ts"
import type { GivenFeedback } from "../../client/Contract.ts"
import { Button, Failure } from "../kit/Kit.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { errorOf } from "../kit/ErrorOf.ts"

interface FeedbackProps {
  readonly client: Client
  readonly messageId: string
  readonly first: Answer["feedback"]
}

type Given = Pick<NonNullable<Answer["feedback"]>, "rating" | "comment">

const useFeedback = ({ client, first, messageId }: FeedbackProps) => {
  const [given, setGiven] = useState<Given | undefined>(first)
  const [error, setError] = useState<Error>()
  const change = async (next: GivenFeedback | undefined): Promise<void> => {
    try {
      if (next === undefined) await client.withdrawFeedback(messageId)
      setGiven(next === undefined ? undefined : await client.feedback(messageId, next))
      setError(undefined)
    } catch (cause) {
      setError(errorOf(cause))
    }
  }
  return { given, error, change }
}

const Comment = ({
  given,
  save,
}: {
  readonly given: Given
  readonly save: (comment: string) => Promise<void>
}) => {
  const t = useText(chatText)
  const [comment, setComment] = useState(given.comment ?? "")
  return (
    <form
      class="comment"
      onSubmit={(event) => {
        event.preventDefault()
        void save(comment.trim())
      }}
    >
      <input
        aria-label={t("commentLabel")}
        placeholder={t("comment")}
        value={comment}
        onInput={({ currentTarget }) => setComment(currentTarget.value)}
      />
      {comment.trim() !== (given.comment ?? "") && <Button type="submit">{t("saveComment")}</Button>}
      <span class="quiet" role="status">
        {given.comment !== null && comment.trim() === given.comment ? t("commentSaved") : ""}
      </span>
    </form>
  )
}

const thumbs = [
  ["up", "good"],
  ["down", "bad"],
] as const

/** Drawn, because not every system has a font with it. */
const Thumb = ({ isDown }: { readonly isDown: boolean }) => (
  <svg class={isDown ? "thumb down" : "thumb"} viewBox="0 0 24 24" aria-hidden="true">
    <path d="M3 10h4v11H3zM7 11l4-8a2.2 2.2 0 0 1 2.2 2.2V10h5.6a2 2 0 0 1 2 2.4l-1.5 7a2 2 0 0 1-2 1.6H7" />
  </svg>
)

export const Feedback = (props: FeedbackProps) => {
  const t = useText(chatText)
  const { change, error, given } = useFeedback(props)
  const comment = given?.comment ?? null
  const withComment = comment === null ? {} : { comment }
  return (
    <>
      {thumbs.map(([rating, label]) => (
        <Button
          key={rating}
          look="bare"
          aria-label={t(label)}
          title={t(label)}
          aria-pressed={given?.rating === rating}
          onClick={() => void change(given?.rating === rating ? undefined : { rating, ...withComment })}
        >
          <Thumb isDown={rating === "down"} />
        </Button>
      ))}
      {given !== undefined && given.rating !== null && (
        <Comment
          key={given.rating}
          given={given}
          save={(text) => change({ rating: given.rating ?? "up", ...(text === "" ? {} : { comment: text }) })}
        />
      )}
      {error !== undefined && <Failure error={error} />}
    </>
  )
}

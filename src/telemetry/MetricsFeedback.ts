/** Metrics of users' feedback: part of the catalogue in `Metrics`. */
import { Rating } from "../domain/Feedback.ts"
import { ExecutionMode } from "../domain/Mode.ts"
import { counter } from "./Instrument.ts"

const labels = {
  mode: [...ExecutionMode.literals, "none"],
  rating: [...Rating.literals, "none"],
} as const

export const feedback = {
  feedbackGiven: counter("crossfade_feedback_total", {
    unit: "1",
    labels,
    meaning:
      "Ratings of answers that users gave or changed to, by the mode of the answer; `none`: a score or a comment alone",
  }),
  feedbackReplaced: counter("crossfade_feedback_replaced_total", {
    unit: "1",
    labels,
    meaning: "Ratings that users changed to another one or withdrew; the difference to the given ones stands",
  }),
}

/** A session's messages as the API shows them: `store/ShownMessage`, with the feedback. */
import * as Schema from "effect/Schema"
import { siblings } from "./BranchView.ts"
import { FileView } from "./FilesApi.ts"
import { Run, RunDone, RunError, RunStatus } from "../domain/Run.ts"
import { Feedback } from "../domain/Feedback.ts"
import { ChatMessage } from "../domain/Session.ts"
import { Message } from "../protocol/agent2ui/Message.ts"

const ofAnswer = (description: string) => ({ description: `${description} Null on a user's message.` })

export const ShownMessage = Schema.Struct({
  ...ChatMessage.fields,
  status: Schema.NullOr(RunStatus).annotate(ofAnswer("The state of the answer's run.")),
  model: Run.fields.model.annotate(
    ofAnswer("The model that answered, or that failed last; null if the upstream names none."),
  ),
  finishReason: Run.fields.finishReason.annotate(ofAnswer("The reason for the answer's end.")),
  error: Schema.NullOr(RunError).annotate({
    description: "The end of a turn that failed. `stepId` and `callId` name the place.",
  }),
  usage: Schema.NullOr(RunDone.fields.usage).annotate({
    description: "As in the `done` event. Null unless the answer is complete.",
  }),
  parts: Schema.Array(Message).annotate({
    description:
      "The answer as its reader saw it: its events without retracted content, neighbouring texts joined, and of a plan, a progress bar and a sandbox the last state only",
  }),
  attachments: Schema.Array(FileView).annotate({ description: "The files of a user's message" }),
  feedback: Schema.NullOr(Feedback).annotate({ description: "The user's; null without one" }),
  siblings: Schema.optionalKey(siblings),
}).annotate({ identifier: "ShownMessage" })

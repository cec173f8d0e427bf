/** An answer as a client's user sees it, in words that all clients share. */
export interface Shown {
  text: string
  thinking: string
  /** Titles of plan steps, in order of appearance. */
  steps: Array<string>
  calls: Array<{ readonly name: string; readonly failed: boolean | undefined }>
  files: Array<string>
  /** Questions of interrupts. */
  questions: Array<{ readonly id: string; readonly message: string }>
  /** The client's own failure, or the error of the stream. */
  error: string | undefined
}

export const nothingShown = (): Shown => ({
  text: "",
  thinking: "",
  steps: [],
  calls: [],
  files: [],
  questions: [],
  error: undefined,
})

/** The parts of an answer that a protocol cannot carry; `Clients.test.ts` says what its users see instead. */
export type Part = "thinking" | "steps" | "calls" | "files" | "questions" | "retract" | "resume"

/** One conversation of one user, in one client. */
export interface Conversation {
  /** Sends a message and reads the answer to its end. */
  readonly send: (message: string) => Promise<Shown>
  /** Answers an interrupt and reads the answer to its end. */
  readonly answer: (id: string, payload: unknown) => Promise<Shown>
  /** Sends a message, calls `begun` at the first sign of the run, and cancels. */
  readonly cancel: (message: string, begun: () => Promise<unknown>) => Promise<void>
  /** Reads the answer to its end after its connection broke. */
  readonly reopen: () => Promise<Shown>
  /** Reads the running answer in another window of the same user, to its end. */
  readonly join: () => Promise<Shown>
}

/** The answer of a client whose protocol has no such request. */
export const unsupported = (): Promise<never> =>
  Promise.reject(new Error("The protocol has no such request."))

export interface ClientDriver {
  readonly name: string
  readonly cannot: ReadonlyArray<Part>
  readonly open: (gateway: { readonly url: string; readonly token: string }) => Conversation
}

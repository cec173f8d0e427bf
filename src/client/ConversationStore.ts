/**
 * The state of one conversation, for a user interface: subscribe to it, and call its methods. It sends turns, reads their
 * answers and continues to read a running turn when it is opened again. React reads it by `useCrossfade`.
 */
import type { Client, Events, ReadOptions, TurnOptions } from "./Client.ts"
import * as Branches from "./Branches.ts"
import type { Body, InterruptAnswer, Session, UploadedFile } from "./Contract.ts"
import * as Conversation from "./Conversation.ts"
import { CrossfadeError } from "./CrossfadeError.ts"
import { randomKey } from "./RandomKey.ts"
import type { StreamOptions } from "./RunStream.ts"

/**
 * - `loading`: the session is read
 * - `submitted`: a turn was sent and its run has not begun
 * - `streaming`: a run is read
 * - `reconnecting`: the connection broke, and the next try follows
 */
export type ChatStatus = "idle" | "loading" | "submitted" | "streaming" | "reconnecting"

export interface ChatState {
  readonly conversation: Conversation.Conversation
  readonly status: ChatStatus
  /** The last request failed. A failed run is an answer with an `error` instead. */
  readonly error: CrossfadeError | undefined
  /** The failure that the next try follows, while the status is `reconnecting`. */
  readonly failure: CrossfadeError | undefined
  /** Answers to interrupts that are sent once all of them have one. */
  readonly answers: ReadonlyArray<InterruptAnswer>
}

export interface ConversationSettings {
  readonly client: Client
  readonly agentId: string
  /** A session to continue. Without one, the first message begins a session. */
  readonly sessionId?: string | undefined
}

/** Starts a turn. The same options give the same turn. */
type Turn = (options: TurnOptions) => Events
type Files = ReadonlyArray<UploadedFile>

const busy = new CrossfadeError("REQUEST_IN_PROGRESS", "The last turn is still running.")

const textOf = ({ payload }: InterruptAnswer): string =>
  typeof payload === "string" && payload !== "" ? payload : JSON.stringify(payload)

export class ConversationStore {
  readonly #settings: ConversationSettings
  readonly #newKey: () => string
  readonly #listeners = new Set<() => void>()
  #state: ChatState = {
    conversation: Conversation.emptyConversation,
    status: "idle",
    error: undefined,
    failure: undefined,
    answers: [],
  }
  #reading: AbortController | undefined
  #stopRequested = false
  /** The last turn, to send it again under its key if it was refused or its connection broke. */
  #lastTurn: { readonly turn: Turn; readonly idempotencyKey: string } | undefined
  /** The end of the branch that is shown, if it is not the session's newest. */
  #leaf: string | undefined

  /** `newKey` makes the idempotency keys of turns. */
  constructor(settings: ConversationSettings, newKey: () => string = randomKey) {
    this.#settings = settings
    this.#newKey = newKey
  }

  readonly getState = (): ChatState => this.#state

  /** Calls `listener` after each change. Returns the function that ends this. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Loads the session, and reads the run that still answers its last message. */
  readonly open = async (): Promise<void> => {
    if (this.#reading !== undefined) return
    const { client, sessionId } = this.#settings
    if (this.#state.conversation.messages.length > 0) return this.#continue()
    if (sessionId === undefined) return
    await this.#work("loading", async (options) => {
      const session = await this.#shown(sessionId, options)
      this.#set({ conversation: Conversation.fromSession(session) })
      const runId = session.activeRunId ?? Conversation.unansweredRun(session)
      if (runId !== undefined) await this.#read(client.events(runId, options))
    })
  }

  /** The newest path. If a run makes another answer to an earlier question, the path ends with that question. */
  async #shown(sessionId: string, options: ReadOptions): Promise<Session> {
    const { client } = this.#settings
    const session = await client.session(sessionId, { ...options, leaf: "latest" })
    if (session.activeRunId === null || session.messages.at(-1)?.role === "user") return session
    const { userMessageId } = await client.run(session.activeRunId, options)
    return client.session(sessionId, { ...options, leaf: userMessageId })
  }

  /** Reads on after `close` or a lost connection: the last run, or a turn whose run has not begun. */
  async #continue(): Promise<void> {
    const last = this.#state.conversation.messages.at(-1)
    const lastTurn = this.#lastTurn
    if (last?.role === "user" && !last.refused && lastTurn !== undefined)
      return this.#run(lastTurn.turn, lastTurn.idempotencyKey)
    if (last?.role === "assistant" && last.status === "running")
      await this.#work("streaming", (options) =>
        this.#read(this.#settings.client.events(last.runId, { ...options, after: last.seq })),
      )
  }

  /** Stops reading. Runs continue, and `open` reads on. */
  readonly close = (): void => {
    if (this.#reading === undefined) return
    this.#reading.abort()
    this.#reading = undefined
    this.#set({ status: "idle" })
  }

  /** Sends a message, with files that `Client.upload` gave. Resolves at the end of its answer; a failure is in the state. */
  readonly send = (message: string, attachments?: Files): Promise<void> => {
    const follows = this.#leaf === undefined ? {} : { parentMessageId: this.#leaf }
    const body = Conversation.bodyOf(message, attachments)
    return this.#ask(message, attachments, (options) => {
      const { sessionId } = this.#state.conversation
      const { agentId, client } = this.#settings
      return sessionId === undefined
        ? client.start({ agentId, ...body }, options)
        : client.send(sessionId, { ...body, ...follows }, options)
    })
  }

  /**
   * Sends another version of a question, which takes the place of everything after it. It keeps its files unless `attachments`
   * replaces them. Resolves at the end of its answer.
   */
  readonly edit = async (key: string, message: string, attachments?: Files): Promise<void> => {
    if (this.#reading !== undefined) return this.#set({ error: busy })
    const index = Branches.questionAt(this.#state.conversation, key)
    const question = this.#state.conversation.messages[index]
    const id = await this.#questionId(index)
    if (id === undefined) return
    this.#set({ conversation: Branches.beforeQuestion(this.#state.conversation, index) })
    const files = attachments ?? (question?.role === "user" ? question.attachments : [])
    // Files are named again only if nothing else says what the user wants.
    const body = Conversation.bodyOf(message, message === "" ? files : attachments)
    await this.#ask(message, files, (options) => this.#settings.client.edit(id, body, options))
    await this.#place()
  }

  /** Makes another answer to a question, or to the question of an answer. Resolves at its end. */
  readonly regenerate = async (key: string, choice: NonNullable<Body<"regenerate">> = {}): Promise<void> => {
    if (this.#reading !== undefined) return this.#set({ error: busy })
    const index = Branches.questionAt(this.#state.conversation, key)
    const id = await this.#questionId(index)
    if (id === undefined) return
    this.#set({ conversation: Branches.beforeAnswer(this.#state.conversation, index) })
    await this.#run((options) => this.#settings.client.regenerate(id, choice, options), this.#newKey())
    await this.#place()
  }

  /** Shows the newest branch with the message, such as another version of an answer. The next message follows that branch. */
  readonly show = async (messageId: string): Promise<void> => {
    if (this.#reading !== undefined) return this.#set({ error: busy })
    const { client } = this.#settings
    await this.#work("loading", async (options) => {
      const { leaf, sessionId } = await client.message(messageId, options)
      const session = await client.session(sessionId, { ...options, leaf })
      this.#leaf = leaf
      this.#set({ conversation: Conversation.fromSession(session) })
    })
  }

  /** Answers an interrupt. The turn that answers them begins once all pending interrupts have an answer. */
  readonly answer = async (interruptId: string, payload: InterruptAnswer["payload"]): Promise<void> => {
    const { answers: before, conversation } = this.#state
    const { sessionId } = conversation
    const pending = Conversation.pendingInterrupts(conversation)
    const answers = [...before.filter((one) => one.interruptId !== interruptId), { interruptId, payload }]
    const [first, ...rest] = answers
    const isComplete = pending.every((one) =>
      answers.some((answer) => answer.interruptId === one.interruptId),
    )
    if (sessionId === undefined || first === undefined || !isComplete) return this.#set({ answers })
    this.#set({ answers: [] })
    await this.#ask(answers.map(textOf).join("\n"), undefined, (options) =>
      this.#settings.client.resume(sessionId, { answers: [first, ...rest] }, options),
    )
  }

  /** Sends a refused message again as it was, reads on after a lost connection, or asks for another answer. */
  readonly retry = async (): Promise<void> => {
    if (this.#reading !== undefined) return this.#set({ error: busy })
    const { conversation } = this.#state
    const { sessionId } = conversation
    const last = conversation.messages.at(-1)
    if (last === undefined) return
    if (last.role === "assistant" && last.status === "running") return this.#continue()
    this.#set({ conversation: Conversation.askAgain(conversation) })
    const lastTurn = this.#lastTurn
    if (last.role === "user" && lastTurn !== undefined)
      return this.#run(lastTurn.turn, lastTurn.idempotencyKey)
    if (sessionId !== undefined)
      return this.#run((options) => this.#settings.client.retry(sessionId, options), this.#newKey())
  }

  /** Cancels the running turn. The answer keeps the text that it has. */
  readonly stop = async (): Promise<void> => {
    if (this.#reading === undefined) return
    const last = this.#state.conversation.messages.at(-1)
    // A run that has not begun is cancelled when it begins.
    this.#stopRequested = true
    if (last?.role === "assistant" && last.status === "running") await this.#cancel(last.runId)
  }

  async #cancel(runId: string): Promise<void> {
    await this.#failing(() => this.#settings.client.cancel(runId))
  }

  /** The id of the stored question. A conversation that was not loaded asks for it by the run. */
  async #questionId(index: number): Promise<string | undefined> {
    const { messages } = this.#state.conversation
    const question = messages[index]
    const answer = messages[index + 1]
    if (question?.messageId !== undefined || answer?.role !== "assistant") return question?.messageId
    let id: string | undefined
    await this.#failing(async () => {
      id = (await this.#settings.client.run(answer.runId)).userMessageId
    })
    return id
  }

  /** Reads the versions of the messages after a branch has begun. */
  async #place(): Promise<void> {
    const { sessionId } = this.#state.conversation
    if (sessionId === undefined || this.#state.error !== undefined) return
    await this.#failing(async () => {
      const { messages } = await this.#settings.client.session(sessionId, { leaf: "latest" })
      this.#set({ conversation: Branches.withPlaces(this.#state.conversation, messages) })
    })
  }

  async #ask(message: string, attachments: Files | undefined, turn: Turn): Promise<void> {
    if (this.#reading !== undefined) return this.#set({ error: busy })
    const key = this.#newKey()
    this.#set({ conversation: Conversation.ask(this.#state.conversation, key, message, attachments) })
    await this.#run(turn, key)
  }

  async #run(turn: Turn, idempotencyKey: string): Promise<void> {
    this.#lastTurn = { turn, idempotencyKey }
    this.#leaf = undefined
    await this.#work("submitted", (options) => this.#read(turn({ ...options, idempotencyKey })))
    if (this.#state.error !== undefined)
      this.#set({ conversation: Conversation.refuse(this.#state.conversation) })
  }

  /** Runs one task at a time, until it ends or `close` ends it. */
  async #work(status: ChatStatus, task: (options: StreamOptions) => Promise<void>): Promise<void> {
    const reading = new AbortController()
    this.#reading = reading
    this.#stopRequested = false
    this.#set({ status, error: undefined })
    const onRetry = (failure: CrossfadeError) => this.#set({ status: "reconnecting", failure })
    try {
      await this.#failing(() => task({ signal: reading.signal, detach: true, onRetry }), reading.signal)
    } finally {
      if (this.#reading === reading) {
        this.#reading = undefined
        this.#set({ status: "idle" })
      }
    }
  }

  async #read(events: Events): Promise<void> {
    for await (const event of events) {
      this.#set({ conversation: Conversation.reduce(this.#state.conversation, event), status: "streaming" })
      if (event.event === "open" && this.#stopRequested) await this.#cancel(event.runId)
    }
  }

  /** Puts a failure of the client into the state. A bug is thrown. */
  async #failing(task: () => Promise<unknown>, signal?: AbortSignal): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (signal?.aborted === true) return
      if (!(error instanceof CrossfadeError)) throw error
      this.#set({ error })
    }
  }

  #set(change: Partial<ChatState>): void {
    this.#state = { ...this.#state, failure: undefined, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/** The list of the user's sessions: its pages, and the changes that the user makes to them. */
import type { Client } from "../../client/Client.ts"
import type { SessionChanges, SessionCounts, SessionOverview } from "../../client/Contract.ts"
import { makeStore } from "../kit/Store.ts"
import { errorOf } from "../kit/ErrorOf.ts"

export interface Deleted {
  readonly session: SessionOverview
  /** Epoch milliseconds; null if the deletion cannot be taken back. */
  readonly restorableUntil: number | null
}

export interface ListState {
  readonly sessions: ReadonlyArray<SessionOverview> | undefined
  readonly cursor: string | null
  readonly counts: SessionCounts | undefined
  readonly archived: boolean
  readonly loading: boolean
  readonly error: Error | undefined
  readonly deleted: Deleted | undefined
}

const pageSize = 30
const longestPage = 100

export class SessionList {
  readonly #client: Client
  #round = 0
  readonly state = makeStore<ListState>({
    sessions: undefined,
    cursor: null,
    counts: undefined,
    archived: false,
    loading: false,
    error: undefined,
    deleted: undefined,
  })

  constructor(client: Client) {
    this.#client = client
  }

  #set(change: Partial<ListState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }

  /** Reads the pages that are shown again. */
  readonly reload = async (): Promise<void> => {
    const { archived, sessions = [] } = this.state.get()
    const limit = Math.min(longestPage, Math.max(pageSize, sessions.length))
    this.#round += 1
    const round = this.#round
    this.#set({ loading: true })
    try {
      const [page, counts] = await Promise.all([
        this.#client.sessions({ archived, limit }),
        this.#client.sessionCounts(),
      ])
      if (round !== this.#round) return
      this.#set({
        sessions: page.sessions,
        cursor: page.nextCursor,
        counts,
        loading: false,
        error: undefined,
      })
    } catch (cause) {
      if (round === this.#round) this.#set({ loading: false, error: errorOf(cause) })
    }
  }

  readonly more = async (): Promise<void> => {
    const { archived, cursor, loading, sessions = [] } = this.state.get()
    if (cursor === null || loading) return
    const round = this.#round
    this.#set({ loading: true })
    try {
      const page = await this.#client.sessions({ archived, cursor, limit: pageSize })
      if (round !== this.#round) return
      const known = new Set(sessions.map(({ id }) => id))
      const added = page.sessions.filter(({ id }) => !known.has(id))
      this.#set({ sessions: [...sessions, ...added], cursor: page.nextCursor, loading: false })
    } catch (cause) {
      if (round === this.#round) this.#set({ loading: false, error: errorOf(cause) })
    }
  }

  readonly showArchived = (archived: boolean): Promise<void> => {
    this.#set({ archived, sessions: undefined, cursor: null })
    return this.reload()
  }

  readonly update = (id: string, changes: SessionChanges): Promise<void> =>
    this.#changing(() => this.#client.updateSession(id, changes))

  readonly remove = (session: SessionOverview): Promise<void> =>
    this.#changing(async () => {
      const { restorableUntil } = await this.#client.deleteSession(session.id)
      this.#set({ deleted: { session, restorableUntil } })
    })

  readonly restore = (id: string): Promise<void> =>
    this.#changing(async () => {
      await this.#client.restoreSession(id)
      this.#set({ deleted: undefined })
    })

  readonly forgetDeleted = (): void => this.#set({ deleted: undefined })

  async #changing(change: () => Promise<unknown>): Promise<void> {
    try {
      await change()
      await this.reload()
    } catch (cause) {
      this.#set({ error: errorOf(cause) })
    }
  }
}

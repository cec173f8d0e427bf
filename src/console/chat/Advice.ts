/** The next thing to do after a failure, by its code and status. Pure. */
interface Failed {
  readonly code: string
  readonly status?: number | undefined
}

/** A text of the catalogue of the chat. */
export type Advice =
  | "adviseSignIn"
  | "adviseWait"
  | "adviseSize"
  | "adviseFiles"
  | "adviseOffline"
  | "adviseBusy"
  | "adviseGone"
  | "adviseDenied"
  | "adviseAgain"

const byCode: Readonly<Record<string, Advice>> = {
  CONNECTION_LOST: "adviseOffline",
  REQUEST_IN_PROGRESS: "adviseBusy",
  SESSION_NOT_FOUND: "adviseGone",
  MESSAGE_NOT_FOUND: "adviseGone",
  VALIDATION_MESSAGE_TOO_LONG: "adviseSize",
  ATTACHMENTS_UNSUPPORTED: "adviseFiles",
  FILE_REFUSED: "adviseFiles",
  AUTH_TOKEN_EXPIRED: "adviseSignIn",
}

const byStatus: Readonly<Record<number, Advice>> = {
  401: "adviseSignIn",
  403: "adviseDenied",
  408: "adviseWait",
  413: "adviseSize",
  429: "adviseWait",
  503: "adviseWait",
}

export const adviceFor = ({ code, status }: Failed): Advice =>
  byCode[code] ?? (status === undefined ? undefined : byStatus[status]) ?? "adviseAgain"

/** The same request would get the same answer. */
export const isFinal = ({ status }: Failed): boolean =>
  status !== undefined && status >= 400 && status < 500 && ![401, 408, 409, 429].includes(status)

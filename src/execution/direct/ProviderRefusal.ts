/**
 * Reads a provider's error on any wire: the body of a refusal, or an event in a stream. Pure. A provider's sentences
 * may contain keys, hosts or prompts, so they are only searched and never passed on.
 */
import { parseDuration } from "./RetryAfter.ts"
import { isBlank, type JsonRecord, listOf, parseJson, recordOf, recordsOf, textOf } from "./JsonRead.ts"

export interface ProviderRefusal {
  /** The HTTP status. In a stream: the status that the error contains, if any. */
  readonly status: number | undefined
  /** Every code of the error, in lower case with `_` between words. */
  readonly codes: ReadonlyArray<string>
  /** The whole text of the error, in lower case. */
  readonly words: string
  /** `code|type|param`, if they are short identifiers. */
  readonly detail: string
  readonly retryAfterMs: number | undefined
}

const statusIn = (...values: ReadonlyArray<unknown>): number | undefined =>
  values.map(Number).find((status) => Number.isInteger(status) && status >= 400 && status <= 599)

const codeOf = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : textOf(value)

/** Identifiers only. A long run of letters with a digit in it may be a key. */
const isSafe = (code: string): boolean =>
  code.length <= 64 &&
  /^\w[\w.[\]]*$/.test(code) &&
  !(code.match(/[A-Za-z0-9]+/g) ?? []).some((run) => run.length > 10 && /\d/.test(run))

const detailOf = (status: number | undefined, ...codes: ReadonlyArray<unknown>): string =>
  [...new Set(codes.map(codeOf))]
    .filter((code) => code !== undefined && code !== "error" && code !== String(status) && isSafe(code))
    .join("|")

const waitOf = (error: JsonRecord): number | undefined => {
  const { retry_after, retry_after_ms } = error
  if (typeof retry_after_ms === "number" && retry_after_ms >= 0) return Math.ceil(retry_after_ms)
  if (typeof retry_after === "number" && retry_after >= 0) return Math.ceil(retry_after * 1000)
  return recordsOf(error["details"])
    .map((item) => parseDuration(item["retryDelay"]))
    .find((wait) => wait !== undefined)
}

/** MiniMax answers 200 with its status in `base_resp`, where 0 is success. */
export const baseResp = (body: JsonRecord): JsonRecord | undefined => {
  const { status_code, status_msg } = recordOf(body["base_resp"]) ?? {}
  return Number(status_code ?? 0) === 0 ? undefined : { code: status_code, message: status_msg }
}

/** The record with the error's fields. Servers put it in different places. */
const errorIn = (body: JsonRecord): JsonRecord => {
  const { detail, error } = body
  if (typeof error === "string") return { ...body, message: error }
  const inner = recordOf(error) ?? recordOf(listOf(error)[0])
  if (inner !== undefined) return recordOf(inner["error"]) ?? inner
  if (typeof detail === "string") return { ...body, message: detail }
  return recordOf(detail) ?? baseResp(body) ?? recordsOf(detail)[0] ?? recordsOf(body["errors"])[0] ?? body
}

/** True for a message of a few words without names, numbers or addresses. */
const isPhrase = (message: unknown): boolean =>
  typeof message === "string" && /^[a-z][a-z _-]{1,39}[.!]?$/i.test(message)

const normal = (code: string): string => code.toLowerCase().replaceAll(/[\s-]+/g, "_")

const ofRecord = (body: JsonRecord, httpStatus: number | undefined): ProviderRefusal => {
  const error = errorIn(body)
  const { code, message, param, status, type } = error
  const inner = recordOf(error["innererror"]) ?? recordOf(error["inner_error"]) ?? {}
  const metadata = recordOf(error["metadata"])
  const reasons = recordsOf(error["details"]).map((item) => item["reason"])
  const kinds = [code, type, status, error["error_code"], error["error_type"], inner["code"], ...reasons]
  if (param === "model") kinds.push("invalid_model")
  // Servers without codes send messages such as `Rate limit exceeded` or `Overloaded`.
  if (kinds.every((kind) => isBlank(kind)) && isPhrase(message)) kinds.push(message)
  const found =
    httpStatus ??
    statusIn(code, status, error["status_code"], error["statusCode"], body["code"], body["status"])
  return {
    status: found,
    codes: [
      ...new Set(
        kinds
          .map(codeOf)
          .filter((kind) => kind !== undefined)
          .map(normal),
      ),
    ],
    words: JSON.stringify([message, metadata, error["msg"], body["detail"], body["message"]]).toLowerCase(),
    detail: detailOf(found, code, type ?? error["error_type"], status, param, inner["code"], ...reasons),
    retryAfterMs: waitOf(error),
  }
}

/** An error in an answer with status 200. */
export const inBand = (json: unknown): ProviderRefusal => ofRecord(recordOf(json) ?? {}, undefined)

/** Reads the fields of a truncated JSON text. */
const cutFields = (text: string): JsonRecord => {
  const fields = text.matchAll(/"(code|type|status|param|reason)"\s*:\s*"([^"\\]{1,64})"/g)
  return { message: text, ...Object.fromEntries([...fields].map(([, name, value]) => [name, value])) }
}

/** Reads a refusal from its status and the beginning of its body, which need not be JSON. */
export const ofStatus = (status: number, text: string): ProviderRefusal => {
  const json = parseJson(text)?.json
  const body = recordOf(json) ?? recordOf(listOf(json)[0])
  return ofRecord(body ?? cutFields(text), status)
}

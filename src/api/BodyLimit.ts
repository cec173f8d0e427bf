/**
 * The largest body of a route whose messages can contain files. An annotation; every other route takes 1 MiB. Such clients send
 * the files of a whole chat with each message.
 */
import * as Context from "effect/Context"

/** Mebibytes. */
export class BodyLimit extends Context.Service<BodyLimit, number>()("crossfade/api/BodyLimit") {}

export const withFiles = 24

/**
 * The id of a runtime's file as the gateway shows and stores it. A runtime may use any text as an id; a path of a URL, a
 * router and an index of a database do not take any. Such an id is replaced by its hash. Pure.
 */
import { hash } from "node:crypto"

/** Characters of the id in a URL. The router takes 2000, an index of PostgreSQL about 2700 bytes. */
const longest = 500

/** `.` and `..` are removed from a path, and half a surrogate pair has no form in a URL. */
const fitsUrl = (id: string): boolean =>
  id !== "" && id !== "." && id !== ".." && id.isWellFormed() && encodeURIComponent(id).length <= longest

export const publicFileId = (id: string): string =>
  fitsUrl(id) ? id : `file-${hash("sha256", JSON.stringify(id), "base64url")}`

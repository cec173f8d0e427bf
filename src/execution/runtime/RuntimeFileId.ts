/**
 * The id of a runtime's file as the gateway shows and stores it. A runtime may use any text as an id, but a URL path,
 * a router and a database index do not accept any text. Such an id is replaced by its hash. Pure.
 */
import { hash } from "node:crypto"

/** Characters of the id in a URL. The router accepts 2000, and a PostgreSQL index about 2700 bytes. */
const longest = 500

/** `.` and `..` are removed from a path, and half a surrogate pair cannot be encoded in a URL. */
const fitsUrl = (id: string): boolean =>
  id !== "" && id !== "." && id !== ".." && id.isWellFormed() && encodeURIComponent(id).length <= longest

export const publicFileId = (id: string): string =>
  fitsUrl(id) ? id : `file-${hash("sha256", JSON.stringify(id), "base64url")}`

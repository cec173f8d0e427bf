/** The variables of uploaded files: part of the table in `Config`. */
import { address, choice, millis, number, optionalText } from "./ConfigVariable.ts"

const mebibyte = 1024 * 1024

const megabytes = (about: string, fallback: number) =>
  number({ default: fallback, min: 1, max: 1_000_000_000, unit: "MiB", about })

export const fileVariables = {
  PUBLIC_URL: address(
    "Address of this service for runtimes and providers, which read attachments from it over signed links. Empty: they get the bytes of attachments instead.",
  ),
  FILES_MAX_BYTES: number({
    default: 20 * mebibyte,
    min: 1024,
    max: 1024 * mebibyte,
    unit: "bytes",
    about: "Maximum of one uploaded file.",
  }),
  MAX_PENDING_FILES_MB_PER_USER: megabytes("Maximum of a user's uploads that no message has used yet.", 200),
  MAX_FILES_MB_PER_ORG: megabytes("Maximum of the uploaded files of one organisation.", 50 * 1024),
  FILES_SCAN_URL: address(
    "Scanner that gets each file by POST and answers if it is allowed (docs/how-to/send-images-and-files.md). Empty: no scan.",
  ),
  FILES_SCAN_TIMEOUT_MS: millis(
    "Limit for one answer of the scanner; without an answer the file is refused.",
    30_000,
    100,
    600_000,
  ),
  FILES_S3_ENDPOINT: address(
    "Address of an S3-compatible store for uploaded files. Empty: the folder `files` in DATA_DIR. Replicas need S3 or a shared folder.",
  ),
  FILES_S3_REGION: {
    ...optionalText("Region of the S3 store.", "a name of letters, digits and -"),
    default: "us-east-1",
    parse: (text: string) => (/^[a-z0-9-]{1,64}$/.test(text) ? text : undefined),
  },
  FILES_S3_BUCKET: {
    ...optionalText("Bucket of uploaded files. It must exist.", "empty, or 3 to 63 letters, digits, . and -"),
    parse: (text: string) => (/^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/.test(text) ? text : undefined),
  },
  FILES_S3_ACCESS_KEY_ID: {
    ...optionalText("Access key of the S3 store.", "empty, or visible ASCII characters"),
    parse: (text: string) => (/^[!-~]*$/.test(text) ? text : undefined),
  },
  FILES_S3_SECRET_ACCESS_KEY: {
    ...optionalText("Secret of the access key.", "empty, or visible ASCII characters"),
    secret: true,
    parse: (text: string) => (/^[!-~]*$/.test(text) ? text : undefined),
  },
  FILES_S3_PATH_STYLE: choice(
    "`true`: the bucket is the first part of the path. `false`: it is the first part of the host name, as AWS prefers.",
    ["true", "false"],
  ),
}

const s3Names = ["FILES_S3_BUCKET", "FILES_S3_ACCESS_KEY_ID", "FILES_S3_SECRET_ACCESS_KEY"] as const

/** The object store needs all of these variables. The endpoint's own check reports an invalid endpoint. */
export const fileProblems = (
  values: Readonly<Record<(typeof s3Names)[number] | "FILES_S3_ENDPOINT", string | undefined>>,
) => {
  if (values.FILES_S3_ENDPOINT === undefined) return []
  const usesS3 = values.FILES_S3_ENDPOINT !== ""
  return s3Names
    .filter((name) => values[name] !== undefined && (values[name] === "") === usesS3)
    .map((name) => ({
      variable: name,
      found: usesS3 ? "nothing" : "a value without FILES_S3_ENDPOINT",
      allowed: usesS3 ? "a value, because FILES_S3_ENDPOINT is set" : "nothing, or FILES_S3_ENDPOINT too",
    }))
}

/** Describes a body that is a file or a form with files, and a download with conditions. The generator has no annotation for them. Pure. */
import { withRanges } from "./Ranges.ts"

const binary = { type: "string", format: "binary" }

const formats = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"]

const requestBody = {
  required: true,
  description: "One file as it is, or a form with up to 10 files. Any type of text is accepted too.",
  content: {
    "multipart/form-data": {
      schema: {
        type: "object",
        properties: {
          file: {
            type: "array",
            maxItems: 10,
            items: binary,
            description: "The files. Any field name works.",
          },
        },
      },
    },
    ...Object.fromEntries(
      [...formats, "application/octet-stream"].map((format) => [format, { schema: binary }]),
    ),
  },
}

// The generator's own type of an operation.
// oxlint-disable-next-line typescript/no-explicit-any
type Operation = Record<string, any>

export const takesUploads = (operation: Operation): Operation => ({ ...operation, requestBody })

export const withConditions = (operation: Operation): Operation => {
  const ranged = withRanges(operation)
  return {
    ...ranged,
    parameters: [
      ...ranged["parameters"],
      {
        name: "if-none-match",
        in: "header",
        required: false,
        schema: { type: "string", description: "Answer 304 if the file still has this `ETag`." },
      },
    ],
    responses: { ...ranged["responses"], 304: { description: "The client has the file." } },
  }
}

/** Describes a download with byte ranges (RFC 9110, section 14), which the generator has no annotation for. Pure. */

const header = (description: string, example: string) => ({
  description,
  schema: { type: "string" },
  example,
})

const whole = {
  "Content-Disposition": header("The name of the file.", 'attachment; filename="report.pdf"'),
  "Accept-Ranges": header("Present if the runtime supports ranges.", "bytes"),
  ETag: header("Present if the runtime sends one.", '"v1"'),
  "Last-Modified": header("Present if the runtime sends one.", "Mon, 30 Nov 2026 08:00:00 GMT"),
}
const part = {
  ...whole,
  "Content-Range": header("The bytes of this answer, and the size of the file.", "bytes 0-99/2048"),
}

const parameter = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  schema: { type: "string", description },
})

const binary = { "application/octet-stream": { schema: { type: "string", format: "binary" } } }

// The generator's own type of an operation.
// oxlint-disable-next-line typescript/no-explicit-any
export const withRanges = (operation: Record<string, any>): Record<string, any> => ({
  ...operation,
  parameters: [
    ...operation["parameters"],
    parameter("range", "The bytes to send."),
    parameter("if-range", "Send the range only if the file still has this `ETag`."),
  ],
  responses: {
    ...operation["responses"],
    200: { description: "The file.", content: binary, headers: whole },
    206: { description: "The part of the file.", content: binary, headers: part },
    416: { description: "The file has no such part.", headers: part },
  },
})

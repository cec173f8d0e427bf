/** The examples of files. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const fileId = "019a5c5e-7c10-7b2a-9c11-5f0a1b2c3d4e"
const file = {
  fileId,
  filename: "chart.png",
  mediaType: "image/png",
  kind: "image",
  bytes: 48211,
  url: `/api/v1/files/${fileId}`,
}
const ticket = "eyJhbGciOiJIUzI1NiJ9.example.signature"
const link = (path: string) => ({
  response: {
    example: {
      value: {
        success: true,
        data: { ticket, expiresAt: 1764489900000, url: `${path}?ticket=${ticket}` },
      },
    },
  },
})

export const fileExamples: ExamplesByOperation = {
  filesUpload: {
    response: { example: { value: { success: true, data: { ...file, files: [file] } } } },
  },
  filesList: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            files: [
              {
                ...file,
                sha256: "5989b1fd0f7b5722281815991fa761dcb9a20219eb6ea559a679cc536bb1441c",
                createdAt: 1764489600000,
              },
            ],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  filesRemove: { response: { example: { value: { success: true, data: { fileId } } } } },
  filesTicket: link(file.url),
  chatFileTicket: link("/api/v1/chat/runs/019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d/files/invoice"),
}

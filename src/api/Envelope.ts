/** The envelope of all JSON answers except errors: `{"success": true, "data": …}`. */
import * as Schema from "effect/Schema"

export const success = <Data extends Schema.Constraint>(data: Data) =>
  Schema.Struct({ success: Schema.Literal(true), data })

export const ok = <Data>(data: Data): { readonly success: true; readonly data: Data } => ({
  success: true,
  data,
})

/** A list whose data are the entries; the fields of the page stand beside them. */
export const successPage = <Data extends Schema.Constraint, Answer extends Schema.Struct.Fields>(
  data: Data,
  answer: Answer,
) => Schema.Struct({ ...success(data).fields, ...answer })

/** The envelope of every JSON answer that is not an error: `{"success": true, "data": …}`. */
import * as Schema from "effect/Schema"

export const success = <Data extends Schema.Constraint>(data: Data) =>
  Schema.Struct({ success: Schema.Literal(true), data })

export const ok = <Data>(data: Data): { readonly success: true; readonly data: Data } => ({
  success: true,
  data,
})

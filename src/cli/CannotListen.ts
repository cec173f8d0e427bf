import * as Schema from "effect/Schema"
import type { Settings } from "../config/Config.ts"
import { reasonOf } from "../domain/Reason.ts"

export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  address: Schema.String,
  reason: Schema.String,
}) {
  static readonly on = ({ HOST, PORT }: Settings, error: unknown) =>
    new CannotListen({ address: `${HOST}:${PORT}`, reason: reasonOf(error) })

  override get message(): string {
    return `Cannot listen on ${this.address} (${this.reason}). Set HOST and PORT to an address that is free.`
  }
}

/** Reads the key of a webhook's signature: `whsec_` and base64, as Standard Webhooks writes it. Pure. */

const fewestBytes = 24
const mostBytes = 64

export const allowedSecret = `whsec_ and base64 of ${fewestBytes} to ${mostBytes} bytes, such as from \`echo whsec_$(openssl rand -base64 32)\``

/** Undefined if the text is no such secret. */
export const keyOf = (text: string): Buffer | undefined => {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  if (base64 === undefined || base64.length % 4 !== 0) return undefined
  const key = Buffer.from(base64, "base64")
  return key.length >= fewestBytes && key.length <= mostBytes ? key : undefined
}

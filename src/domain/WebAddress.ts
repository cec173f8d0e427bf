/** Addresses that secrets may be sent to. Pure. */

/** Names of this machine. No other machine can answer for them. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host)

/** Encrypted, or on this machine. */
export const isTrustworthy = ({ hostname, protocol }: URL): boolean =>
  protocol === "https:" || (protocol === "http:" && isLoopback(hostname))

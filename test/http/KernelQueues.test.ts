import { describe, expect, it } from "vitest"
import { keyOf, type KernelQueue, parseInto } from "../../src/http/KernelQueues.ts"

// As Linux 6.18 prints them.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 552 1 0000000045ef5df5 100 0 0 10 0                       
   1: 0100007F:0BB9 0100007F:9405 01 00000000:00000000 02:00001023 00000000     0        0 77 3 00000000bd5d0deb 20 4 31 16 -1
 287: 0100007F:0BB9 0100007F:826A 01 0039B612:00000000 04:00000012 00000003     0        1 1765933 2 000000009f878fb0 20 4 31 16 -1                  
1288: 0502000A:0BB9 0702000A:C001 01 0000000D:00000000 01:00000140 00000006     0        0 1765934 2 000000009f878fb1 20 4 31 16 -1                  
1289: 0502000A:0BB9 0702000A:C002 01 0000000D:00000000 01:00000014 00000000     0        0 1765935 2 000000009f878fb2 20 4 31 16 -1                  
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000502000A:0BB9 0000000000000000FFFF00000702000A:C003 01 00000101:00000000 01:00000014 00000000     0        0 1765936 2 0000000000000000 20 4 31 16 -1
   1: B80D0120000000000000000002000000:0BB9 B80D0120000000000000000001000000:C004 01 00000102:00000000 01:00000014 00000000     0        0 1765937 2 0000000000000000 20 4 31 16 -1
`

const parse = (...tables: ReadonlyArray<string>) => {
  const queues = new Map<string, KernelQueue>()
  for (const table of tables) parseInto(queues, table)
  return queues
}

describe("the kernel's queues", () => {
  it("are found by the peer and the local port", () => {
    const queues = parse(tcp, tcp6)
    const bytes = (peer: string, port: number) => queues.get(keyOf(peer, port, 0x0bb9))?.bytes
    expect(bytes("127.0.0.1", 0x826a)).toBe(0x39b612)
    expect(bytes("10.0.2.7", 0xc001)).toBe(13)
    expect(bytes("::ffff:10.0.2.7", 0xc003)).toBe(0x101)
    expect(bytes("2001:db8::1", 0xc004)).toBe(0x102)
    expect(queues.size).toBe(5)
  })

  it("are unanswered after several timeouts, and not because the peer's window is closed", () => {
    const queues = parse(tcp)
    const resent = (peer: string, port: number) => queues.get(keyOf(peer, port, 0x0bb9))?.resent
    expect(resent("10.0.2.7", 0xc001)).toBe(true)
    expect(resent("10.0.2.7", 0xc002)).toBe(false)
    expect(resent("127.0.0.1", 0x826a)).toBe(false)
  })

  it("are read from a table that is empty or cut", () => {
    expect(parse("", tcp.slice(0, 10), tcp.slice(0, 500)).size).toBe(0)
  })
})

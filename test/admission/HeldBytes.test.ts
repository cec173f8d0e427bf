import { assert, describe, it } from "@effect/vitest"
import { HeldBytes } from "../../src/admission/HeldBytes.ts"
import { OrgId, UserId } from "../../src/domain/Ids.ts"

const owner = (org: string, user: string) => ({ orgId: OrgId.make(org), userId: UserId.make(user) })

describe("the bytes held for readers", () => {
  it("are bounded for the process, an organisation and a user; a first answer always fits", () => {
    const held = new HeldBytes(800)
    assert.isTrue(held.fits(5000, owner("a", "1")))
    held.add(100, owner("a", "1"))
    assert.isFalse(held.fits(1, owner("a", "1")))
    for (const user of ["2", "3", "4"]) {
      assert.isTrue(held.fits(100, owner("a", user)))
      held.add(100, owner("a", user))
    }
    assert.isFalse(held.fits(1, owner("a", "5")))
    assert.isTrue(held.fits(400, owner("b", "1")))
    assert.isFalse(held.fits(401, owner("b", "1")))
    assert.isTrue(held.fits(400, undefined))
    assert.isFalse(held.fits(401, undefined))
  })

  it("are released once", () => {
    const held = new HeldBytes(800)
    held.add(50, owner("a", "1"))
    const release = held.add(100, owner("a", "1"))
    release()
    release()
    assert.strictEqual(held.all, 50)
    assert.isTrue(held.fits(50, owner("a", "1")))
    assert.isFalse(held.fits(51, owner("a", "1")))
  })
})

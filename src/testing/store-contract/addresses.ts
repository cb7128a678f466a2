import { assertDiffers, assertEqual, assertExcludes, assertPattern } from './assert.ts'
import { type Scene } from './scene.ts'

/** Registers the tests of `addressOf`. */
export function testAddresses({ store, test, newSession }: Scene): void {
  test('gives each session an address for a user’s object', async () => {
    const [credential, other] = [await newSession(), await newSession()]
    const address = store.addressOf?.(credential.handle) ?? ''
    assertPattern(address, /^(?:object|kv):./)
    assertEqual(store.addressOf?.(credential.handle), address)
    assertDiffers(store.addressOf?.(other.handle), address)
  })

  test('gives an address without a secret', async () => {
    const credential = await newSession()
    assertExcludes(store.addressOf?.(credential.handle), credential.secret)
  })
}

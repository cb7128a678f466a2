import { expect, test } from 'vitest'

import { boundApp, boundVisitor, deviceOf, signIn } from '../support/bound-app.ts'
import type { Deviation } from '../support/soft-device.ts'

const app = boundApp({ bound: { algorithms: ['ES256', 'RS256'] } })

/** A proof for a registration with an RSA key of this kind, which has signed it. */
async function withKey(
  kind: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>> = {},
): Promise<Deviation> {
  const keys = (await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-256',
      ...kind,
    },
    true,
    ['sign', 'verify'],
  )) as CryptoKeyPair
  const { kty, n, e } = (await crypto.subtle.exportKey('jwk', keys.publicKey)) as JsonWebKey
  return { header: { jwk: { kty, n, e, ...change } }, signer: keys }
}

async function statusWith(deviation: Deviation): Promise<number> {
  const { browser, response } = await signIn(app)
  return (await deviceOf(browser, 'RS256').register(response, deviation)).status
}

test('a key of 2,048 bits is taken', async () => {
  expect(await statusWith(await withKey({}))).toBe(200)
})

test.for([
  ['too short', { modulusLength: 1024 }, {}],
  ['with another exponent', { publicExponent: new Uint8Array([3]) }, {}],
  ['with the kty of another kind', {}, { kty: 'EC' }],
] as const)('a key %s is refused', async ([, kind, change]) => {
  expect(await statusWith(await withKey(kind, change))).toBe(400)
})

test('a proof that names another algorithm than that of the key is refused', async () => {
  const { device } = await boundVisitor(app)
  expect((await device.refresh({ header: { alg: 'RS256' } })).status).toBe(403)
  expect(app.events).toEqual([{ type: 'bound-stolen', id: expect.any(String) }])
  expect((await device.refresh()).status).toBe(200)
})

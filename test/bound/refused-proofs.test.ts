import { beforeAll, describe, expect, test } from 'vitest'

import {
  BINDING_STORES,
  boundApp,
  boundVisitor,
  signIn,
  type SignedIn,
} from '../support/bound-app.ts'
import { type Deviation, newDeviceKey } from '../support/soft-device.ts'
import { RIGHT_PROOFS, WRONG_PROOFS, type NamedProof } from '../support/wrong-proofs.ts'

const ID = expect.any(String)

const strangers = await newDeviceKey()
const rsaKeys = await newDeviceKey('RS256')

async function jwkOf({ publicKey }: CryptoKeyPair): Promise<Record<string, unknown>> {
  const { kty, crv, x, y, n, e } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
  return { kty, crv, x, y, n, e }
}

const own = await newDeviceKey()
const ownJwk = await jwkOf(own)
const zeros = 'A'.repeat(43)

/** Returns a proof with a changed key. It is signed by the key before the change. */
function withKey(change: Readonly<Record<string, unknown>>): Deviation {
  return { header: { jwk: { ...ownJwk, ...change } }, signer: own }
}

/** Proofs that are wrong for a registration only. */
const WRONG_KEYS: readonly NamedProof[] = [
  ['no key', { header: { jwk: undefined } }, 'proof'],
  ['a key that is null', { header: { jwk: null } }, 'proof'],
  ['a key that is a text', { header: { jwk: 'key' } }, 'proof'],
  ['a key that is a list', { header: { jwk: [ownJwk] }, signer: own }, 'proof'],
  ['the kty of RSA', withKey({ kty: 'RSA' }), 'proof'],
  ['the kty of a secret', withKey({ kty: 'oct', k: 'AAAA' }), 'proof'],
  ['no kty', withKey({ kty: undefined }), 'proof'],
  ['another curve', withKey({ crv: 'P-384' }), 'proof'],
  ['no curve', withKey({ crv: undefined }), 'proof'],
  ['no x', withKey({ x: undefined }), 'proof'],
  ['no y', withKey({ y: undefined }), 'proof'],
  ['an x that is cut', withKey({ x: String(ownJwk['x']).slice(1) }), 'proof'],
  ['an x that is too long', withKey({ x: `${String(ownJwk['x'])}A` }), 'proof'],
  ['an x with padding', withKey({ x: `${String(ownJwk['x'])}=` }), 'proof'],
  ['a y that is a list', withKey({ y: [ownJwk['y']] }), 'proof'],
  ['a point off the curve', withKey({ y: ownJwk['x'] }), 'proof'],
  ['the point of zeros', withKey({ x: zeros, y: zeros }), 'proof'],
  ['the key of RSA for ES256', { header: { jwk: await jwkOf(rsaKeys) }, signer: own }, 'proof'],
  ['a key that has not signed it', { signer: strangers }, 'proof'],
  [
    'an aud of the other endpoint',
    { payload: { aud: 'https://app.example/dbsc/refresh' } },
    'proof',
  ],
]

/** Proofs that are wrong for a refresh only. */
const WITH_KEYS: readonly NamedProof[] = [
  ['a key that is null', { header: { jwk: null } }, 'proof'],
  ['a key of a stranger, who has signed it', withKey({}), 'proof'],
  [
    'an aud of the other endpoint',
    { payload: { aud: 'https://app.example/dbsc/register' } },
    'proof',
  ],
]

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  const app = boundApp(options)

  test.for([...WRONG_PROOFS, ...WRONG_KEYS])(
    'a registration with %s is refused, and binds nothing',
    async ([, deviation, wrong]) => {
      const { browser, device, response } = await signIn(app)
      app.calls.length = 0
      app.events.length = 0
      const answer = await device.register(response, deviation)
      expect([answer.status, await answer.text()]).toEqual([400, ''])
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('Cache-Control')).toBe('no-store')
      expect(answer.headers.get('Secure-Session-Challenge')).toBeNull()
      expect(app.events).toEqual([
        { type: 'bound-refused', reason: wrong === 'challenge' ? wrong : 'proof', id: ID },
      ])
      expect(app.calls).toEqual([])
      app.handler = async (session) => {
        await session.load()
        return session.binding
      }
      expect(await browser.json('/')).toBe('pending')
      expect((await device.register(response)).status).toBe(200)
      expect(await browser.json('/')).toBe('bound')
    },
  )

  test.for(Object.entries({ ...RIGHT_PROOFS, 'with a private key': withKey({ d: zeros }) }))(
    'a registration %s is accepted',
    async ([, deviation]) => {
      const { device, response } = await signIn(app)
      expect((await device.register(response, deviation)).status).toBe(200)
    },
  )

  describe('a refresh', () => {
    let visitor: SignedIn
    beforeAll(async () => {
      visitor = await boundVisitor(app)
    })

    test.for([...WRONG_PROOFS, ...WITH_KEYS])(
      'with %s is refused by another challenge, which a right proof answers',
      async ([, deviation, wrong]) => {
        const { device } = visitor
        app.events.length = 0
        const answer = await device.refresh(deviation)
        expect([answer.status, await answer.text()]).toEqual([403, ''])
        expect(answer.headers.getSetCookie()).toEqual([])
        expect(answer.headers.get('Cache-Control')).toBe('no-store')
        expect(answer.headers.get('Secure-Session-Challenge')).toBe(
          `"${device.challenge}";id="${device.session?.id}"`,
        )
        expect(app.events).toEqual([
          wrong === 'key'
            ? { type: 'bound-stolen', id: ID }
            : { type: 'bound-refused', reason: wrong, id: ID },
        ])
        expect((await device.refresh()).status).toBe(200)
      },
    )

    test('signed by another key is reported as stolen', async () => {
      const { device } = visitor
      app.events.length = 0
      expect((await device.refresh({ signer: strangers })).status).toBe(403)
      expect(app.events).toEqual([{ type: 'bound-stolen', id: ID }])
      expect((await device.refresh()).status).toBe(200)
    })

    test.for(Object.entries(RIGHT_PROOFS))('%s is accepted', async ([, deviation]) => {
      expect((await visitor.device.refresh(deviation)).status).toBe(200)
    })

    test('without a proof is asked for one, which is nothing to report', async () => {
      const { device } = visitor
      device.challenge = undefined
      app.events.length = 0
      expect((await device.refresh()).status).toBe(403)
      expect(app.events).toEqual([])
      expect((await device.refresh()).status).toBe(200)
    })
  })
})

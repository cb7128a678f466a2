import { expect, test } from 'vitest'

import { bindings } from '../../src/bound/bindings.ts'
import { newRandomText } from '../../src/codec/random.ts'
import type { CellHost } from '../../src/record/cell-part.ts'
import { requestText, SessionCell } from '../../src/record/session-cell.ts'
import type { BindingReply, CallContext, DeviceKey } from '../../src/record/store.ts'
import { newDeviceKey, SoftDevice } from '../support/soft-device.ts'

const CONTEXT: CallContext = { now: 10_000, idle: 60_000, absolute: 600_000, touch: 1000 }
const AT = CONTEXT.now

async function keyOf({ publicKey }: CryptoKeyPair): Promise<DeviceKey> {
  const { x = '', y = '' } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
  return { alg: 'ES256', x, y }
}

/** The proof of these keys over any challenge, as a Worker passes it on. */
async function proofOf(keys: CryptoKeyPair, at: number): Promise<object> {
  const device = new SoftDevice(async () => Response.error())
  const jws = await device.proof('challenge', {}, { keys })
  const [head = '', body = '', signature = ''] = jws.split('.')
  return { at, alg: 'ES256', text: `${head}.${body}`, signature }
}

/** A session of a user who has signed in and registered these keys. */
async function boundCell(keys: CryptoKeyPair): Promise<{
  readonly host: CellHost
  readonly ask: (host: CellHost, method: 'bind' | 'prove', about: object) => Promise<BindingReply>
  readonly signIn: (at: number) => Promise<unknown>
}> {
  let secret = newRandomText()
  const cell = new SessionCell(undefined, () => undefined)
  const host: CellHost = { call: (request, rules) => cell.call(request, rules) }
  const account = (at: number): string =>
    JSON.stringify({ id: newRandomText(), signIn: { userId: 'ada', at } })
  const ask = async (
    asked: CellHost,
    method: 'bind' | 'prove',
    about: object,
  ): Promise<BindingReply> => {
    const request = requestText(method, { secret: '' }, CONTEXT, `,null,${JSON.stringify(about)}`)
    return JSON.parse((await bindings.call(asked, request)) ?? '') as BindingReply
  }
  const signIn = async (at: number): Promise<unknown> => {
    const next = newRandomText()
    const more = `,${account(at)},${JSON.stringify({ secret: next })}`
    const reply = await cell.call(requestText('regenerate', { secret }, CONTEXT, more))
    secret = next
    return JSON.parse(reply)
  }
  await cell.call(requestText('create', { secret }, CONTEXT, `,${account(AT)}`))
  await ask(host, 'bind', { signedInAt: AT, key: await keyOf(keys) })
  return { host, ask, signIn }
}

test('a caller cannot say that a proof was found genuine', async () => {
  const keys = await newDeviceKey()
  const { host, ask } = await boundCell(keys)
  const forged = { ...(await proofOf(await newDeviceKey(), AT + 1)) }
  const about = { proof: forged, signedBy: await keyOf(keys) }
  expect(await ask(host, 'prove', about)).toMatchObject({ refused: 'key', provenAt: AT })
  const right = { proof: await proofOf(keys, AT + 1) }
  expect(await ask(host, 'prove', right)).toEqual({ ok: true, provenAt: AT + 1 })
})

test('a proof by a key that is replaced while its signature is verified is not taken', async () => {
  const keys = await newDeviceKey()
  const { host, ask, signIn } = await boundCell(keys)
  const next = await keyOf(await newDeviceKey())
  let calls = 0
  const slow: CellHost = {
    async call(request, rules) {
      calls += 1
      if (calls === 2) {
        await signIn(AT + 5)
        await ask(host, 'bind', { signedInAt: AT + 5, key: next })
      }
      return host.call(request, rules)
    },
  }
  const reply = await ask(slow, 'prove', { proof: await proofOf(keys, AT + 10) })
  expect(reply).toMatchObject({ refused: 'late', provenAt: AT + 5 })
  expect(calls).toBe(2)
})

test('a challenge from before the sign-in is worthless after it', async () => {
  const keys = await newDeviceKey()
  const { host, ask } = await boundCell(keys)
  const about = { proof: await proofOf(keys, AT) }
  expect(await ask(host, 'prove', about)).toMatchObject({ refused: 'late', provenAt: AT })
})

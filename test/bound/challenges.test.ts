import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { type Stamp, stamped } from '../../src/bound/challenge.ts'
import { importKeyring } from '../../src/codec/keyring.ts'
import {
  BINDING_STORES,
  type BoundApp,
  boundApp,
  boundVisitor,
  deviceOf,
  signIn,
} from '../support/bound-app.ts'

const ID = expect.any(String)

interface Made {
  readonly purpose: 'register' | 'refresh' | 'cookie'
  readonly secret?: string
  readonly name?: string
}

/** Returns a challenge as the library makes it, or with one thing changed. */
async function challengeOf(
  stamp: Stamp,
  { purpose, secret = env.SESSION_SECRET, name = '__Host-session' }: Made,
): Promise<string> {
  const keyring = await importKeyring([secret])
  return stamped({ keyring, settings: { cookie: { name } } }, purpose, stamp)
}

/** Returns what a challenge says. */
function stampIn(text: string | null | undefined): Stamp {
  const [, handle = '', time = ''] = /"?([\w-]+)\.(\w+)\.[\w-]+"?$/.exec(text ?? '') ?? []
  return { handle, at: parseInt(time, 36) }
}

function offeredIn(response: Response): Stamp {
  return stampIn(response.headers.get('Secure-Session-Registration'))
}

function eventsOf(app: BoundApp): BoundApp['events'] {
  return app.events.splice(0)
}

/** Challenges of ours that are not for this use. */
const FOREIGN: readonly (readonly [name: string, made: Omit<Made, 'purpose'>])[] = [
  ['made with another secret', { secret: 'another secret of thirty-two bytes' }],
  ['of a layer with another cookie', { name: '__Host-other' }],
]

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  const app = boundApp(options)

  test('a registration takes the challenge of the sign-in, made anew', async () => {
    const { device, response } = await signIn(app)
    const jti = await challengeOf(offeredIn(response), { purpose: 'register' })
    expect((await device.register(response, { payload: { jti } })).status).toBe(200)
  })

  test.for([
    ...FOREIGN.map(([name, made]) => [name, { ...made, purpose: 'register' }] as const),
    ['of a refresh', { purpose: 'refresh' }],
    ['that is the value of a cookie', { purpose: 'cookie' }],
  ] as const)('a registration takes no challenge %s', async ([, made]) => {
    const { device, response } = await signIn(app)
    const jti = await challengeOf(offeredIn(response), made)
    eventsOf(app)
    expect((await device.register(response, { payload: { jti } })).status).toBe(400)
    expect(eventsOf(app)).toEqual([{ type: 'bound-refused', reason: 'challenge', id: ID }])
    expect((await device.register(response)).status).toBe(200)
  })

  test.for([-1, 1])('a registration takes no challenge of another time (%i ms)', async (by) => {
    const { device, response } = await signIn(app)
    const { handle, at } = offeredIn(response)
    const jti = await challengeOf({ handle, at: at + by }, { purpose: 'register' })
    expect((await device.register(response, { payload: { jti } })).status).toBe(400)
    expect((await device.register(response)).status).toBe(200)
  })

  test('neither endpoint takes a challenge in a list', async () => {
    const { device, response } = await signIn(app)
    const jti = await challengeOf(offeredIn(response), { purpose: 'register' })
    expect((await device.register(response, { payload: { jti: [jti] } })).status).toBe(400)
    await device.register(response)
    const { challenge } = device
    expect((await device.refresh({ payload: { jti: [challenge] } })).status).toBe(403)
  })

  test('a registration takes a challenge for five minutes', async () => {
    const { device, response } = await signIn(app)
    const late = await signIn(app)
    app.now += 300_000
    expect((await device.register(response)).status).toBe(200)
    app.now += 1
    eventsOf(app)
    expect((await late.device.register(late.response)).status).toBe(400)
    expect(eventsOf(app)).toEqual([{ type: 'bound-refused', reason: 'challenge', id: ID }])
  })

  test('a registration is taken once, also with the same proof', async () => {
    const { browser, device, response } = await signIn(app)
    const sent: RequestInit[] = []
    const watched = deviceOf({
      fetch: (path: string, init: RequestInit) => {
        sent.push(init)
        return browser.fetch(path, init)
      },
    } as typeof browser)
    expect((await watched.register(response)).status).toBe(200)
    eventsOf(app)
    const again = await browser.fetch('/dbsc/register', { method: 'POST', ...sent[0] })
    expect([again.status, again.headers.getSetCookie()]).toEqual([400, []])
    expect((await device.register(response)).status).toBe(400)
    const refused = { type: 'bound-refused', reason: 'challenge', id: ID }
    expect(eventsOf(app)).toEqual([refused, refused])
    expect((await watched.refresh()).status).toBe(200)
  })

  test.for([
    ...FOREIGN.map(([name, made]) => [name, { ...made, purpose: 'refresh' }] as const),
    ['of a registration', { purpose: 'register' }],
    ['that is the value of a cookie', { purpose: 'cookie' }],
  ] as const)('a refresh takes no challenge %s', async ([, made]) => {
    const { device } = await boundVisitor(app)
    app.now += 1
    const jti = await challengeOf(stampIn(device.challenge), made)
    const answer = await device.refresh({ payload: { jti } })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    expect(eventsOf(app)).toEqual([{ type: 'bound-refused', reason: 'challenge', id: ID }])
    expect((await device.refresh()).status).toBe(200)
  })

  test('a refresh takes no challenge of another session', async () => {
    const [ada, eve] = [await boundVisitor(app), await boundVisitor(app, 'eve')]
    const { challenge } = eve.device
    const answer = await ada.device.refresh({ payload: { jti: challenge } })
    expect(answer.status).toBe(403)
    expect(eventsOf(app)).toEqual([{ type: 'bound-refused', reason: 'challenge', id: ID }])
    expect((await ada.device.refresh()).status).toBe(200)
    expect((await eve.device.refresh()).status).toBe(200)
  })

  test('a proof of one session beside the id of another is refused by that one', async () => {
    const [ada, eve] = [await boundVisitor(app), await boundVisitor(app, 'eve')]
    const sender = app.browser()
    const answer = await sender.fetch('/dbsc/refresh', {
      method: 'POST',
      headers: {
        'Sec-Secure-Session-Id': ada.device.session?.id ?? '',
        'Secure-Session-Response': await eve.device.proof(eve.device.challenge),
      },
    })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    const forged = await eve.device.proof(ada.device.challenge)
    const stolen = await sender.fetch('/dbsc/refresh', {
      method: 'POST',
      headers: {
        'Sec-Secure-Session-Id': ada.device.session?.id ?? '',
        'Secure-Session-Response': forged,
      },
    })
    expect([stolen.status, stolen.headers.getSetCookie()]).toEqual([403, []])
    expect(eventsOf(app).map(({ type }) => type)).toEqual(['bound-refused', 'bound-stolen'])
    expect((await ada.device.refresh()).status).toBe(200)
  })

  test('a refresh takes a challenge until five minutes after its cookie’s end', async () => {
    const { device } = await boundVisitor(app)
    app.now += 899_999
    expect((await device.refresh()).status).toBe(200)
    app.now += 900_000
    expect((await device.refresh()).status).toBe(403)
    expect((await device.refresh()).status).toBe(200)
  })
})

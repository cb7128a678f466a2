import { describe, expect, test } from 'vitest'

import { BINDING_STORES, boundApp, boundVisitor } from '../support/bound-app.ts'

const HOUR = 3_600_000

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  const app = boundApp(options)

  test('a refresh takes each challenge once, and none before the last one', async () => {
    const { device } = await boundVisitor(app)
    const first = device.challenge
    app.now += 1000
    device.challenge = undefined
    await device.refresh()
    const second = device.challenge
    expect((await device.refresh()).status).toBe(200)
    for (const jti of [second, first]) {
      device.challenge ??= 'none'
      // oxlint-disable-next-line no-await-in-loop -- the refused one must not change anything
      const answer = await device.refresh({ payload: { jti } })
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    }
    expect(app.events.map(({ type }) => type)).toEqual([
      'bound-refreshed',
      'bound-refused',
      'bound-refused',
    ])
    expect((await device.refresh()).status).toBe(200)
  })

  test('of twenty proofs over one challenge at once, one is taken', async () => {
    const { browser, device } = await boundVisitor(app)
    const { session, challenge } = device
    const proofs = await Promise.all(Array.from({ length: 10 }, () => device.proof(challenge)))
    const answers = await Promise.all(
      [...proofs, ...proofs].map((proof) =>
        browser.fetch('/dbsc/refresh', {
          method: 'POST',
          headers: {
            'Sec-Secure-Session-Id': session?.id ?? '',
            'Secure-Session-Response': proof,
          },
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 403)])
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toHaveLength(1)
  })

  test.for([-HOUR, -300_000, 300_000, HOUR])(
    'Workers whose clocks differ by %i ms refresh in turn',
    async (by) => {
      // Otherwise a clock ahead ends the session.
      const patient = boundApp({ ...options, idleTimeout: 43_200 })
      const { device } = await boundVisitor(patient)
      for (let round = 0; round < 6; round += 1) {
        patient.now += round % 2 === 0 ? by : -by
        // oxlint-disable-next-line no-await-in-loop -- each has the challenge of the last
        expect((await device.refreshed()).status).toBe(200)
      }
      patient.now += by
      expect((await device.refresh()).status).toBe(200)
    },
  )
})

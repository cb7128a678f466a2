import { expect, test } from 'vitest'

import type { Session } from '../../src/index.ts'
import { newApp } from '../support/app.ts'

test('a change throws where the handler did not use the session, too', async () => {
  const app = newApp()
  const kept: Session[] = []
  app.handler = (session) => {
    kept.push(session)
  }
  await app.browser().fetch('/')
  expect(() => kept[0]?.set('a', 1)).toThrow(/^ERR_RESPONSE_SENT/)
})

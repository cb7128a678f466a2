import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import worker from '../../examples/observability/traces.ts'
import { Browser } from '../support/browser.ts'

test('a Worker whose sessions are traced works where nothing traces', async () => {
  const browser = new Browser(async (request) => worker.fetch(request, env))
  expect(await browser.json('/')).toEqual({ visits: 1 })
  expect(await browser.json('/')).toEqual({ visits: 2 })
})

import { expect, test } from 'vitest'

import { requireBound } from '../../src/guard/require-bound.ts'
import { boundApp, boundVisitor } from '../support/bound-app.ts'
import { guard } from '../support/bound-checks.ts'

const LINK = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }

test.for([
  ['/', './'],
  ['/a/b', './b'],
  ['/a/b/', './'],
  ['/a/b:c?d=1&copy=2', './b:c?d=1&amp;copy=2'],
  ['/a"><script>?"><b>', './a%22%3E%3Cscript%3E?%22%3E%3Cb%3E'],
] as const)(
  'the page of %s loads %s, whatever place in it the link names',
  async ([path, address]) => {
    const app = boundApp()
    const { browser } = await boundVisitor(app)
    guard(app)
    browser.cookies.delete('__Host-session-bound')
    const response = await browser.fetch(path, { headers: LINK })
    expect(await response.text()).toContain(` content="0;url=${address}"`)
  },
)

test('a tab that stays one of another site is not reloaded for ever', async () => {
  const app = boundApp()
  const { browser } = await boundVisitor(app)
  const guarded = requireBound()(async () => new Response('secret'))
  app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
  app.now += 600_000
  const follow = async (): Promise<string> => {
    const response = await browser.fetch('/', { headers: LINK })
    return (await response.text()).includes('http-equiv="refresh"') ? 'again' : `${response.status}`
  }
  const answers: string[] = []
  // oxlint-disable-next-line no-await-in-loop -- each has the cookie of the one before
  while (answers.length < 7) answers.push(await follow())
  expect(answers).toEqual(['again', 'again', 'again', 'again', 'again', '401', '401'])
  browser.cookies.set('__Host-session-again', 'x')
  expect(await follow()).toBe('401')
})

import assert from 'node:assert/strict'

import { knowsWhoConnects } from './agent-connections.ts'
import { newUser, Visitor } from './race-table.ts'

/** What an application promises beside the table, by the name of its folder. */
export const OWN_CHECKS: Readonly<Record<string, (origin: string) => Promise<void>>> = {
  agents: knowsWhoConnects,

  astro: async (origin) => {
    await servesPrerendered(origin)
    const visitor = new Visitor(origin)
    const response = await visitor.post('/broken', {})
    const page = await response.text()
    assert.equal(response.status, 500)
    assert.match(page, /Something went wrong/)
    // The page for errors has the session of the request, and its cookie.
    assert.match(page, /Count: (?:<!--.*?-->)?1/)
    assert.deepEqual(await visitor.state(), { user: null, count: 1, a: null, b: null })
  },

  next: async (origin) => {
    const visitor = new Visitor(origin)
    await visitor.signIn(newUser())
    await hasNoSession(visitor, '/for-all/ada')
    await hasNoSession(new Visitor(origin), '/for-all/ada')
  },

  'static-assets': async (origin) => {
    const visitor = new Visitor(origin)
    const style = await visitor.browser.fetch('/style.css')
    assert.deepEqual([style.status, style.headers.get('Vary')], [200, null])
    const headers = { Accept: 'text/html' }
    for (const path of ['/account/', '/account/index.html', '/account/index', '/account']) {
      const page = await visitor.browser.fetch(path, { headers, redirect: 'follow' })
      assert.doesNotMatch(await page.text(), /Your account/, path)
    }
    await visitor.signIn(newUser())
    const page = await visitor.browser.fetch('/account/', { headers })
    assert.match(await page.text(), /Your account/)
    assert.equal(page.headers.get('Cache-Control'), 'private, no-store')
  },

  sveltekit: async (origin) => {
    await servesPrerendered(origin)
    const visitor = new Visitor(origin)
    // A later hook throws the redirect.
    const refused = await visitor.browser.fetch('/account', { headers: { Accept: 'text/html' } })
    assert.deepEqual([refused.status, refused.headers.get('Location')], [303, '/'])
    assert.match(await visitor.page('/'), /Please sign in/)
    await visitor.signIn(newUser())
    assert.match(await visitor.page('/account'), /Your account/)
  },

  vinext: async (origin) => {
    const visitor = new Visitor(origin)
    const user = newUser()
    const signedIn = await sendAction(visitor, 'Sign in', { user })
    assert.deepEqual([signedIn.status, visitor.seen.length], [303, 1])
    assert.match(await visitor.page('/'), new RegExp(`Welcome.*${user}`))
    const counted = await sendAction(visitor, 'Count', {})
    assert.deepEqual([counted.status, visitor.seen.length], [200, 1])
    assert.match(await counted.text(), /Count: 1/)
    await hasNoSession(visitor, '/for-all')
    await hasNoSession(new Visitor(origin), '/for-all')
  },
}

/** A page that is made once, for all visitors. */
async function hasNoSession(visitor: Visitor, path: string): Promise<void> {
  assert.match(await visitor.page(path), /This page has no session/)
}

/** Sends the form of the front page with this button, whose action is a server action, as a browser without scripts does. */
async function sendAction(
  visitor: Visitor,
  button: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const forms = (await visitor.page('/')).split('<form')
  const form = forms.find((each) => each.includes(`>${button}</button>`)) ?? ''
  const body = new FormData()
  for (const [, name = ''] of form.matchAll(/type="hidden" name="([^"]+)"/g)) body.set(name, '')
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  return visitor.browser.fetch('/', { method: 'POST', body, headers: { Accept: 'text/html' } })
}

/** A page that is made by the build has no visitor. */
async function servesPrerendered(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  const page = await visitor.browser.fetch('/about', { redirect: 'follow' })
  assert.match(await page.text(), /made by the build/)
  assert.deepEqual(visitor.seen, [])
}

import assert from 'node:assert/strict'
import * as runner from 'node:test'

import type { Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { eachWithProfile } from './bound-suite.ts'
import { type BoundWorld, type Profile, SKIP } from './bound-world.ts'

const REFRESH = 'POST /dbsc/refresh 200'
const REFUSED = 'This session belongs to another device.'

void runner.describe('a bound session in Chromium, between sites,', { skip: SKIP }, () => {
  let world: BoundWorld
  let profile: Profile
  eachWithProfile((...both) => {
    ;[world, profile] = both
  })

  const linkTo = (host: string, path: string): string =>
    `${host}/?to=${encodeURIComponent(world.at(path))}`

  /** Waits for a page that says so. */
  async function says(page: Page, text: string): Promise<void> {
    await page.getByText(text).waitFor()
  }

  /** Follows a link of this host to the account, without the bound cookie. */
  async function follow(who: Profile, host: string, path = 'app.test/account'): Promise<void> {
    await who.goto(linkTo(host, path))
    await who.expire()
    await world.log()
    await who.page.click('a')
  }

  for (const [host, site] of [
    ['other.test', 'cross-site'],
    ['www.app.test', 'same-site'],
  ] as const) {
    it(`a link of ${host} gets in by the page that loads it again`, async () => {
      await profile.signIn('ada')
      await follow(profile, host)
      await says(profile.page, 'ada bound')
      const log = await world.log()
      assert.deepEqual(
        log.map(({ line }) => line),
        ['GET /account 200', REFRESH, 'GET /account 200 bound'],
      )
      assert.equal(log[0]?.site, site)
      assert.equal(log[2]?.site, 'same-origin')
    })
  }

  it('a link to a place in a page gets in, too, and leads to the page', async () => {
    await profile.signIn('ada')
    await follow(profile, 'other.test', 'app.test/account?a=1&b=2#part')
    await says(profile.page, 'ada bound')
    assert.equal(profile.page.url(), world.at('app.test/account?a=1&b=2'))
    await profile.page.goBack()
    assert.equal(new URL(profile.page.url()).hostname, 'other.test')
  })

  it('a page with the bound cookie of another session gets in by that page, too', async () => {
    const former = await world.newProfile()
    await former.signIn('grace')
    await profile.signIn('ada')
    await profile.context.addCookies(
      (await former.context.cookies()).filter(({ name }) => name.endsWith('-bound')),
    )
    await former.context.close()
    await world.log()
    await profile.page.goto(world.at('app.test/account'))
    await says(profile.page, 'ada bound')
    const lines = await world.lines()
    assert.deepEqual(lines, ['GET /account 200 bound', REFRESH, 'GET /account 200 bound'])
  })

  it('the page that loads it again is no step of the history', async () => {
    await profile.signIn('ada')
    await follow(profile, 'other.test')
    await says(profile.page, 'ada bound')
    await profile.page.goBack()
    assert.equal(new URL(profile.page.url()).hostname, 'other.test')
  })

  it('so does a reload of a page that another site has led to', async () => {
    await profile.signIn('ada')
    await profile.goto(linkTo('other.test', 'app.test/account'))
    await profile.page.click('a')
    await says(profile.page, 'ada bound')
    await profile.expire()
    await world.log()
    await profile.page.reload()
    await profile.until('refresh')
    await says(profile.page, 'ada bound')
    const lines = await world.lines()
    assert.deepEqual(lines, ['GET /account 200', REFRESH, 'GET /account 200 bound'])
  })

  it('several links opened at once all get in', async () => {
    await profile.signIn('ada')
    await profile.goto(linkTo('other.test', 'app.test/account'))
    await profile.expire()
    const tabs = await Promise.all(
      [1, 2, 3].map(async () => {
        const opened = profile.context.waitForEvent('page')
        await profile.page.click('a', { modifiers: ['Control'] })
        return opened
      }),
    )
    for (const tab of new Set(tabs)) await says(tab, 'ada bound')
  })

  it('a tab that another site has sandboxed is refused in the end', async () => {
    await profile.signIn('ada')
    await profile.goto(`other.test/mail?to=${encodeURIComponent(world.at('app.test/account'))}`)
    await profile.expire()
    const opened = profile.context.waitForEvent('page')
    await profile.page.frameLocator('iframe').locator('a').click()
    await says(await opened, REFUSED)
    const again = Array.from({ length: 5 }, () => 'GET /account 200')
    assert.deepEqual(await world.lines(), [...again, 'GET /account 401'])
  })

  it('a sign-in by the redirect of another site binds the session', async () => {
    const callback = world.at('app.test/sign-in?user=ada&next=/account')
    await profile.goto(`other.test/authorize?to=${encodeURIComponent(callback)}`)
    await profile.until('creation')
    await profile.expire()
    assert.equal(await profile.fetch('/strict'), '200 "ada bound"')
  })

  it('a second sign-in by the redirect of another site does, too', async () => {
    await profile.signIn('ada')
    await profile.expire()
    const callback = world.at('app.test/sign-in?user=ada&next=/account')
    await profile.goto(`other.test/authorize?to=${encodeURIComponent(callback)}`)
    await profile.until('creation', 2)
    await profile.expire()
    assert.equal(await profile.fetch('/strict'), '200 "ada bound"')
  })

  it('stolen cookies work for one lifetime of the bound cookie, and the owner goes on', async () => {
    await profile.signIn('ada')
    const thief = await world.newProfile()
    await thief.context.addCookies(await profile.context.cookies())
    assert.equal(await thief.goto('app.test/account'), 'ada bound')
    await world.set(500)
    assert.equal(await thief.fetch('/api'), '200 "GET ada bound"')
    await world.set(100)
    assert.match(await thief.fetch('/api'), /^401 .*ERR_BOUND/)
    assert.match(await thief.goto('app.test/account'), new RegExp(REFUSED))
    await thief.expire()
    assert.match(await thief.fetch('/api'), /^401 .*ERR_BOUND/)
    await profile.expire()
    assert.equal(await profile.fetch('/api'), '200 "GET ada bound"')
    assert.match(await thief.fetch('/api'), /^401 .*ERR_BOUND/)
    await thief.context.close()
  })

  it('a stolen cookie gets in by no link of another site', async () => {
    await profile.signIn('ada')
    const thief = await world.newProfile()
    await thief.context.addCookies(await profile.context.cookies())
    await follow(thief, 'other.test')
    await says(thief.page, REFUSED)
    assert.deepEqual(await world.lines(), ['GET /account 200', 'GET /account 401'])
    await follow(thief, 'other.test', 'app.test/home')
    await thief.page.waitForURL('**/login?next=%2Fhome')
    const lines = await world.lines()
    assert.deepEqual(lines, ['GET /home 200', 'GET /home 302', 'GET /login 200'])
    await thief.context.close()
  })
})

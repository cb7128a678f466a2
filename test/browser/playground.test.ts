import assert from 'node:assert/strict'
import * as runner from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

import type { Locator, Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { CHROMIUM } from './chromium.ts'
import { type Playground, startPlayground } from './playground.ts'

const BASES = ['', '/kv'] as const
const COOKIES = { '': '__Host-session', '/kv': '__Host-session-kv' } as const
const PHONE = { width: 360, height: 800 }

/** Waits until the page says it there, and gives the place. */
async function has(page: Page, selector: string, text: string | RegExp): Promise<Locator> {
  const place = page.locator(selector).filter({ hasText: text }).first()
  await place.waitFor()
  return place
}

async function click(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

async function fillAndClick(page: Page, label: string, text: string, name: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text)
  await click(page, name)
}

/** Waits until the dictionary shows this as the key's JSON, or `not set`. */
async function shows(page: Page, key: string, text: string): Promise<void> {
  const cell = page.locator(`[data-key=${key}] :is(.json, small)`)
  await cell
    .getByText(text, { exact: true })
    .or(cell.filter({ hasText: text }))
    .first()
    .waitFor()
  assert.equal(await cell.textContent(), text)
}

async function signIn(page: Page, name: string, label: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await fillAndClick(page, 'This device', label, 'Sign in')
  await has(page, '#account', `Signed in as ${name}`)
}

async function devices(page: Page): Promise<string[]> {
  const names = await page.locator('.devices li strong').allTextContents()
  return names.toSorted()
}

/** Nothing makes the page wider than that, or sticks out of its part of it. */
async function fitsInto(page: Page, width: number): Promise<void> {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
  const wide = await page
    .locator('section, table, td, li')
    .evaluateAll((places) =>
      places
        .filter((place) => place.scrollWidth > place.clientWidth)
        .map((place) => place.outerHTML.slice(0, 100)),
    )
  assert.deepEqual(wide, [], `at ${width}`)
}

/** A countdown's seconds. */
async function secondsOf(page: Page, name: string): Promise<number> {
  const text = await page.locator('.timeout', { hasText: name }).locator('output').textContent()
  const [hours = NaN, minutes = NaN, seconds = NaN] = (text ?? '').split(':').map(Number)
  return (hours * 60 + minutes) * 60 + seconds
}

async function tokenOf(page: Page, base: keyof typeof COOKIES): Promise<string> {
  const cookies = await page.context().cookies()
  return cookies.find(({ name }) => name === COOKIES[base])?.value ?? ''
}

interface LaneFigures {
  readonly sent: number
  readonly arrived: number
  readonly lost: number
  readonly overlap: number
  readonly drawnArrived: number
  readonly drawnLost: number
  readonly fate: string | null
  readonly slow: string | null
}

/** What the lab shows of a lane, when it is done. */
async function figuresOf(page: Page, lane: string): Promise<LaneFigures> {
  const item = page.locator(`[data-lane=${lane}].done`)
  await item.waitFor()
  const counts = await item.locator('[data-counts]').textContent()
  const [sent = NaN, arrived = NaN, lost = NaN] = (counts?.match(/\d+/g) ?? []).map(Number)
  const overlap = parseInt((await item.locator('[data-overlap]').textContent()) ?? '', 10)
  assert.equal(await item.locator('svg').getAttribute('aria-label'), counts)
  return {
    sent,
    arrived,
    lost,
    overlap,
    drawnArrived: await item.locator('rect.arrived').count(),
    drawnLost: await item.locator('rect.lost').count(),
    fate: await item.locator('[data-fate]').textContent(),
    slow: await item.locator('[data-slow]').textContent(),
  }
}

/** What the lab has to find of so many requests, `atLeast` of which overlap. */
async function checkLab(page: Page, sent: number, atLeast: number): Promise<void> {
  const [objects, kv, naive] = [
    await figuresOf(page, 'objects'),
    await figuresOf(page, 'kv'),
    await figuresOf(page, 'naive'),
  ]
  for (const lane of [objects, kv, naive]) {
    assert.equal(lane.sent, sent)
    assert.equal(lane.arrived + lane.lost, sent)
    assert.deepEqual([lane.drawnArrived, lane.drawnLost], [lane.arrived, lane.lost])
    assert.ok(lane.overlap >= atLeast, `${lane.overlap} at the same time`)
  }
  assert.deepEqual([objects.arrived, objects.lost], [sent, 0])
  assert.ok(kv.lost > 0)
  assert.ok(naive.lost > 0)
  assert.deepEqual([objects.fate, objects.slow], ['stays dead', 'the slow write was answered 409'])
  assert.deepEqual([kv.fate, kv.slow], ['stays dead', 'the slow write was answered 409'])
  assert.deepEqual([naive.fate, naive.slow], ['resurrected', 'the slow write was answered 200'])
}

const skip =
  CHROMIUM === undefined && 'there is no Chromium on this machine: apt-get install chromium'

void runner.describe('the playground in a browser', { skip }, () => {
  let playground: Playground

  runner.before(async () => {
    playground = await startPlayground()
  })
  runner.after(() => playground.close())

  for (const base of BASES) {
    it(`changes the dictionary at ${base}/ by each of its forms, and stays the same page`, async () => {
      const page = await playground.visit(`${base}/`)
      const load = await page.evaluate(() => performance.timeOrigin)
      await has(page, '#session', /is new\s*yes/)
      await fillAndClick(page, 'The value of note', 'milk', 'set note')
      await shows(page, 'note', '"milk"')
      await has(page, '#session', /is new\s*no/)
      await fillAndClick(page, 'The value of user', 'Ada', 'set user')
      await shows(page, 'user', '{"name":"Ada"}')
      await fillAndClick(page, 'The value of cart', 'apple, pear', 'set cart')
      await shows(page, 'cart', '["apple","pear"]')
      await fillAndClick(page, 'The value of visits', '7', 'set visits')
      await shows(page, 'visits', '7')
      assert.equal(await page.getByLabel('The value of cart').inputValue(), 'apple, pear')
      assert.equal(await page.getByLabel('The value of user').inputValue(), 'Ada')
      await click(page, 'delete note')
      await shows(page, 'note', 'not set')
      await fillAndClick(page, 'A flash message', 'Saved', 'flash a notice')
      await has(page, '#flashes', 'notice Saved')
      await click(page, 'clear()')
      await shows(page, 'cart', 'not set')
      assert.equal(await page.locator('#flashes .flash').count(), 0)
      const id = await page.locator('#session code').textContent()
      const token = await tokenOf(page, base)
      await click(page, 'regenerate()')
      await has(page, '#last-click', `${base}/regenerate`)
      assert.equal(await page.locator('#session code').textContent(), id)
      assert.notEqual(await tokenOf(page, base), token)
      await click(page, 'destroy()')
      await has(page, '#session', /is new\s*yes/)
      await has(page, '#token', 'This browser has sent no token.')
      assert.equal(await page.evaluate(() => performance.timeOrigin), load)
      await playground.settle()
    })

    it(`has nothing at ${base}/ that is wider than its place, on a phone or a desk`, async () => {
      const page = await playground.visit(`${base}/`, { viewport: PHONE })
      await fitsInto(page, PHONE.width)
      const long = 'm'.repeat(300)
      await fillAndClick(page, 'The value of note', long, 'set note')
      await shows(page, 'note', `"${long}"`)
      await fillAndClick(page, 'The value of cart', long, 'set cart')
      await shows(page, 'cart', `["${long}"]`)
      await fillAndClick(page, 'A flash message', long, 'flash a notice')
      await has(page, '#flashes', long)
      await signIn(page, 'w'.repeat(64), 'w'.repeat(64))
      for (const width of [320, PHONE.width, 560, 800, 1000, 1120, 1600]) {
        await page.setViewportSize({ width, height: 800 })
        await fitsInto(page, width)
      }
      await playground.settle()
    })

    it(`shows at ${base}/ as text whatever was stored`, async () => {
      const attack = `"><script>document.title='hacked'</script><img src=x onerror=alert(1)>`
      const page = await playground.visit(`${base}/`)
      await fillAndClick(page, 'The value of note', attack, 'set note')
      await shows(page, 'note', JSON.stringify(attack))
      await fillAndClick(page, 'A flash message', attack, 'flash a notice')
      await has(page, '#flashes', attack)
      await signIn(page, attack.slice(0, 64), attack.slice(0, 64))
      await fillAndClick(page, 'A token', attack, 'Verify')
      await has(page, '#tried', 'malformed')
      await page.goto(`${base}/?click=${encodeURIComponent(`/${attack}  none`)}`)
      await has(page, '#last-click', 'This page')
      assert.equal(await page.title(), 'edge-session playground')
      assert.equal(await page.getByLabel('The value of note').inputValue(), attack)
      assert.equal(await page.locator('body script, body img').count(), 0)
      await playground.settle()
    })
  }

  it('counts, appends and takes in one step', async () => {
    const page = await playground.visit()
    await click(page, 'visits +10')
    await shows(page, 'visits', '10')
    await click(page, 'visits +1')
    await shows(page, 'visits', '11')
    await fillAndClick(page, 'One more item', 'plum', 'add to cart')
    await shows(page, 'cart', '["plum"]')
    await fillAndClick(page, 'The value of state', 'once', 'set state')
    await shows(page, 'state', '"once"')
    await click(page, 'take state')
    await has(page, '#flashes', 'taken: state once')
    await shows(page, 'state', 'not set')
    await playground.settle()
  })

  it('disables on KV what it cannot do, and says why', async () => {
    const page = await playground.visit('/kv/')
    await fillAndClick(page, 'The value of state', 'kept', 'set state')
    await shows(page, 'state', '"kept"')
    const reasons = await page.locator(':disabled').evaluateAll((controls) =>
      controls.map((control) => [
        control.getAttribute('aria-label') ?? control.textContent?.trim(),
        document
          .getElementById(control.getAttribute('aria-describedby') ?? '')
          ?.textContent?.trim()
          .replaceAll(/\s+/g, ' '),
      ]),
    )
    const notAtomic =
      'Workers KV has no atomic operation. Increment, update and take are disabled here: they need Durable Objects.'
    assert.deepEqual(reasons, [
      ['One more item', notAtomic],
      ['add to cart', notAtomic],
      ['visits +1', notAtomic],
      ['visits +10', notAtomic],
      ['take state', notAtomic],
      ['Send 10 requests with once()', 'Workers KV cannot do this: it needs a Durable Object.'],
      [
        'Send my cookie from another browser',
        'Workers KV cannot bind a session: the device’s key is kept in a Durable Object.',
      ],
    ])
    await page.goto('/')
    assert.equal(await page.locator(':disabled').count(), 0)
    await playground.settle()
  })

  it('says of a wrong value what the key takes, and keeps it to be put right', async () => {
    const page = await playground.visit()
    await fillAndClick(page, 'The value of visits', 'many', 'set visits')
    await has(page, '[role=alert]', '400 visits takes a number. Write 7, for example.')
    await has(page, '#last-click', 'POST /set/visits 0 store calls, no Set-Cookie')
    assert.equal(await page.getByLabel('The value of visits').inputValue(), 'many')
    await fillAndClick(page, 'The value of visits', '8', 'set visits')
    await shows(page, 'visits', '8')
    assert.equal(await page.locator('[role=alert] p').count(), 0)
    await playground.settle(400)
  })

  it('stores something, and says how the session stands', async () => {
    const page = await playground.visit()
    await has(page, '#state', 'No session yet')
    await click(page, 'Store something')
    await has(page, '#state', 'You have a session')
    await shows(page, 'note', '"Milk, and bread"')
    const focused = await page.evaluate(() => document.activeElement?.textContent?.trim())
    assert.equal(focused, 'Store something')
    await click(page, 'Store something')
    await shows(page, 'note', '"Call Grace"')
    await playground.settle()
  })

  it('shows two tabs in one page, and both are told', async () => {
    const page = await playground.visit()
    await click(page, 'Store something')
    const tabs = ['#told', '#told-too']
    for (const tab of tabs) await has(page, tab, 'connected')
    await click(page, 'visits +1')
    for (const tab of tabs) await has(page, tab, 'changed visits')
    await click(page, 'destroy()')
    for (const tab of tabs) await has(page, tab, 'ended destroyed')
    await playground.settle()
  })

  it('calls the provider once for ten requests, and says so', async () => {
    const page = await playground.visit()
    await click(page, 'Store something')
    await has(page, '#state', 'You have a session')
    await click(page, 'Send 10 requests with once()')
    await has(page, '#flashes', '10 requests, 10 answered, 1 call of the provider')
    await playground.settle()
  })

  it('says what each click has cost, and keeps the former ones', async () => {
    const page = await playground.visit()
    await has(page, '#last-click', /^\s*This page: 0 store calls, no Set-Cookie/)
    const answered = page.waitForResponse((response) => response.url().includes('/set/note'))
    await fillAndClick(page, 'The value of note', 'milk', 'set note')
    const headers = await (await answered).allHeaders()
    assert.deepEqual([headers['x-store-calls'], headers['x-set-cookie']], ['create', 'set'])
    await has(page, '#last-click', 'POST /set/note 1 store call (create), Set-Cookie')
    await click(page, 'visits +1')
    await has(page, '#last-click', 'POST /increment/visits 1 store call (write), no Set-Cookie')
    await signIn(page, 'cost', 'laptop')
    await has(
      page,
      '#last-click',
      'POST /login 1 store call (regenerate), 1 call of the user’s object (add), Set-Cookie',
    )
    await page.locator('#cost summary').click()
    await has(
      page,
      '#page-cost',
      'This page itself: 1 store call (read), 1 call of the user’s object (list), no Set-Cookie',
    )
    assert.deepEqual(
      (await page.locator('#clicks li').allTextContents()).map((text) => text.split(' ')[1]),
      ['/increment/visits', '/set/note'],
    )
    await click(page, 'destroy()')
    await has(page, '#last-click', '1 store call (destroy), 1 call of the user’s object (remove)')
    await has(page, '#last-click', 'Set-Cookie that clears it')
    await page.goto('/kv/')
    await fillAndClick(page, 'The value of note', 'milk', 'set note')
    await has(page, '#last-click', '1 store call (create), 1 KV operation (put), Set-Cookie')
    await fillAndClick(page, 'The value of note', 'bread', 'set note')
    await has(page, '#last-click', '1 store call (write), 2 KV operations (get, put), no Set-')
    await playground.settle()
  })

  it('counts both timeouts down, and asks again when one is over', async () => {
    const page = await playground.visit('/login')
    // The clock is a script, and the sandbox of the frame takes none.
    await page.route('**/forged', (route) => route.fulfill({ body: '' }))
    await page.goto('/')
    assert.equal(await page.locator('.timeout').count(), 0)
    await page.clock.install()
    await page.reload()
    await click(page, 'visits +1')
    await page.locator('.timeout').first().waitFor()
    const [idle, absolute] = [
      await secondsOf(page, 'Idle timeout'),
      await secondsOf(page, 'Absolute timeout'),
    ]
    assert.ok(idle > 1790 && idle <= 1800, `${idle}`)
    assert.ok(absolute > 43_190 && absolute <= 43_200, `${absolute}`)
    await page.clock.pauseAt(Date.now() + 60_000)
    const paused = await secondsOf(page, 'Idle timeout')
    await page.clock.runFor(10_000)
    assert.equal(await secondsOf(page, 'Idle timeout'), paused - 10)
    assert.equal(
      await page
        .locator('progress')
        .first()
        .evaluate((bar: HTMLProgressElement) => bar.value),
      paused - 10,
    )
    // The server's clock goes on as ever: asked again, it knows better.
    const asked = page.waitForResponse((response) => response.url() === `${playground.origin}/`)
    await page.clock.runFor(paused * 1000)
    await asked
    await page.clock.resume()
    await has(page, '.timeout', /0:(30:00|29:5\d)/)
    await playground.settle()
  })

  it('counts down by the real clock, too', async () => {
    const page = await playground.visit()
    await click(page, 'visits +1')
    await page.locator('.timeout').first().waitFor()
    const before = [
      await secondsOf(page, 'Idle timeout'),
      await secondsOf(page, 'Absolute timeout'),
    ]
    await wait(3000)
    const after = [await secondsOf(page, 'Idle timeout'), await secondsOf(page, 'Absolute timeout')]
    for (const [index, seconds] of before.entries()) {
      const passed = seconds - (after[index] ?? NaN)
      assert.ok(passed >= 2 && passed <= 10, `${passed} s`)
    }
    await playground.settle()
  })

  for (const base of BASES) {
    it(`shows at ${base}/ the devices of a user in two browsers, and ends them`, async () => {
      const name = `ada${base.replace('/', '-')}`
      const [laptop, phone] = [
        await playground.visit(`${base}/`),
        await playground.visit(`${base}/`),
      ]
      await signIn(laptop, name, 'laptop')
      await signIn(phone, name, 'phone')
      assert.deepEqual(await devices(phone), ['laptop', 'phone'])
      await has(phone, '.devices li', 'phone (this one)')
      await click(phone, 'End this one: laptop')
      await has(phone, '#last-click', '/revoke')
      assert.deepEqual(await devices(phone), ['phone'])

      // A browser whose session was ended elsewhere is a new visitor, also if it writes first.
      await fillAndClick(laptop, 'The value of note', 'new', 'set note')
      await has(laptop, '#account', 'No one is signed in')
      await shows(laptop, 'note', '"new"')

      await signIn(laptop, name, 'laptop')
      const tablet = await playground.visit(`${base}/`)
      await signIn(tablet, name, 'tablet')
      await click(laptop, 'End all others')
      await has(laptop, '#last-click', '/sessions/revoke-others')
      assert.deepEqual(await devices(laptop), ['laptop'])
      for (const other of [phone, tablet]) {
        await other.reload()
        await has(other, '#account', 'No one is signed in')
      }
      await click(laptop, 'Sign out')
      await has(laptop, '#account', 'No one is signed in')
      assert.equal(await tokenOf(laptop, base), '')
      await playground.settle()
    })

    it(`takes the token at ${base}/ apart, and tells a forged one`, async () => {
      const page = await playground.visit(`${base}/`)
      await click(page, 'Change one character')
      await has(page, '[role=alert]', 'Store something first')
      await fillAndClick(page, 'The value of note', 'milk', 'set note')
      await has(page, '#token', /MAC\s*verified by HMAC-SHA-256/)
      const value = await tokenOf(page, base)
      const [version, key, body = '', mac = ''] = value.split('.')
      const part = (name: string): Promise<string | null> =>
        page.locator(`.token .${name}`).textContent()
      assert.deepEqual(
        [await part('version'), await part('key'), await part('created'), await part('handle')],
        [version, key, body.slice(0, 8), body.slice(48)],
      )
      assert.equal(await part('secret'), '•'.repeat(32))
      const source = await page.content()
      assert.ok(!source.includes(body.slice(16, 48)) && !source.includes(mac))

      for (const [name, verdict] of [
        ['handle', 'forged'],
        ['created', 'forged'],
        ['last use', 'forged'],
        ['secret', 'forged'],
        ['key id', 'unknown-key'],
        ['version', 'malformed'],
        ['MAC', 'forged'],
      ] as const) {
        await page.getByLabel('The part to change').selectOption(name)
        await click(page, 'Change one character')
        const option = name === 'last use' ? 'used' : name === 'key id' ? 'key' : name.toLowerCase()
        await has(page, '#tried', new RegExp(`The ${option} changed: ${verdict}`))
      }
      await fillAndClick(page, 'A token', value, 'Verify')
      await has(page, '#tried', 'That token: verified')
      await fillAndClick(page, 'A token', 'nonsense', 'Verify')
      await has(page, '#tried', 'That token: malformed')
      await playground.settle(400)
    })

    it(`refuses at ${base}/ what another site sends`, async () => {
      const page = await playground.visit(`${base}/`)
      await fillAndClick(page, 'The value of note', 'mine', 'set note')
      await shows(page, 'note', '"mine"')
      const token = await page.locator('#csrf').textContent()
      assert.match(token ?? '', /^[\w-]{86}$/)
      assert.ok((await page.locator(`input[name=csrf][value="${token}"]`).count()) > 5)
      const load = await page.evaluate(() => performance.timeOrigin)
      const sent = page.waitForRequest((request) => request.method() === 'POST')
      const other = page.frameLocator('iframe')
      await other.getByRole('button', { name: 'Claim it' }).click()
      const headers = await (await sent).allHeaders()
      assert.deepEqual([headers['origin'], headers['sec-fetch-site']], ['null', 'cross-site'])
      const message = other.locator('#message').filter({ hasText: '403' })
      await message.filter({ hasText: 'Another site has sent this request' }).waitFor()
      await has(page, '#forged', 'The server refused it: 403 Another site has sent this request')
      await has(page, '#forged-note', 'Your note is mine')
      await shows(page, 'note', '"mine"')
      assert.equal(await page.evaluate(() => performance.timeOrigin), load)
      await playground.settle(403)
    })
  }

  it('fires from the browser, and draws what arrived and what was lost', async () => {
    const page = await playground.visit()
    await fillAndClick(page, 'Requests', '24', 'Fire from this browser')
    await checkLab(page, 24, 2)
    await fillAndClick(page, 'Requests', '10', 'Fire from this browser')
    await has(page, '[data-lane=objects] [data-counts]', '10 sent, 10 arrived, 0 lost')
    await page.locator('[data-lane=naive].done').waitFor()
    await playground.settle()
  })

  it('fires from the Worker', async () => {
    const page = await playground.visit('/kv/')
    await fillAndClick(page, 'Requests', '30', 'Fire from the Worker')
    await checkLab(page, 30, 5)
    await has(page, '#last-click', 'POST /kv/lab')
    await playground.settle()
  })

  it('works without JavaScript', async () => {
    const page = await playground.visit('/', { javaScriptEnabled: false })
    assert.equal(await page.getByRole('button', { name: 'Fire from this browser' }).count(), 0)
    await fillAndClick(page, 'The value of note', 'milk', 'set note')
    await shows(page, 'note', '"milk"')
    await has(page, '#last-click', 'POST /set/note 1 store call (create), Set-Cookie')
    assert.ok((await secondsOf(page, 'Idle timeout')) > 1790)
    await click(page, 'visits +1')
    await shows(page, 'visits', '1')
    await has(page, '#last-click', 'POST /increment/visits 1 store call (write), no Set-Cookie')
    await fillAndClick(page, 'One more item', 'plum', 'add to cart')
    await shows(page, 'cart', '["plum"]')
    await fillAndClick(page, 'A flash message', 'Saved', 'flash a notice')
    await has(page, '#flashes', 'notice Saved')
    await page.getByLabel('The part to change').selectOption('secret')
    await click(page, 'Change one character')
    await has(page, '#tried', 'forged')
    await has(page, '#last-click', 'POST /token/check')
    await signIn(page, 'plain', 'plain')
    await has(page, '#last-click', 'POST /login')
    const other = await playground.visit('/', { javaScriptEnabled: false })
    await signIn(other, 'plain', 'other')
    await click(other, 'End this one: plain')
    assert.deepEqual(await devices(other), ['other'])
    await page.goto('/')
    await has(page, '#account', 'No one is signed in')
    await click(other, 'Sign out')
    await has(other, '#account', 'No one is signed in')
    const frame = other.frameLocator('iframe')
    await frame.getByRole('button', { name: 'Claim it' }).click()
    await frame.locator('#message').filter({ hasText: '403' }).waitFor()
    await fillAndClick(page, 'Requests', '20', 'Fire from the Worker')
    await checkLab(page, 20, 5)
    await playground.settle(403)
  })

  it('keeps what is being typed, and the focus, when another form is answered', async () => {
    const page = await playground.visit()
    await page.getByLabel('The value of user').fill('half a na')
    await page.getByLabel('The value of note').fill('milk')
    await page.getByRole('button', { name: 'set note' }).press('Enter')
    await shows(page, 'note', '"milk"')
    assert.equal(await page.getByLabel('The value of user').inputValue(), 'half a na')
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    assert.equal(focused, 'set note')
    await playground.settle()
  })

  it('keeps what is typed while an earlier click is under way, and no text that was sent', async () => {
    const page = await playground.visit()
    const note = page.getByLabel('The value of note')
    const flash = page.getByLabel('A flash message')
    // The click is answered when the test says so.
    const held: (() => void)[] = []
    await page.route('**/set/*', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve))
      await route.continue()
    })
    const isHeld = async (): Promise<void> => {
      while (held.length === 0) await wait(10)
    }
    await fillAndClick(page, 'The value of note', 'milk', 'set note')
    await isHeld()
    // Into the field that was sent, into another one, and into one whose click waits.
    await note.fill('milk, and br')
    await page.getByLabel('The value of user').fill('half a na')
    await fillAndClick(page, 'A flash message', 'Saved', 'flash a notice')
    await flash.fill('Saved ag')
    held.shift()?.()
    await has(page, '#flashes', 'notice Saved')
    assert.equal(await note.inputValue(), 'milk, and br')
    assert.equal(await page.getByLabel('The value of user').inputValue(), 'half a na')
    assert.equal(await flash.inputValue(), 'Saved ag')
    await shows(page, 'note', '"milk"')

    await fillAndClick(page, 'The value of note', 'bread', 'set note')
    await isHeld()
    await fillAndClick(page, 'A flash message', 'Again', 'flash a notice')
    held.shift()?.()
    await has(page, '#flashes', 'notice Again')
    assert.equal(await flash.inputValue(), '')
    await shows(page, 'note', '"bread"')
    assert.equal(await note.inputValue(), 'bread')
    await playground.settle()
  })

  it('says that its cookie does not come back, until it does', async () => {
    const page = await playground.visit('/', { viewport: PHONE })
    assert.equal(await page.locator('#no-cookie p').count(), 0)
    await page.goto(`/?click=${encodeURIComponent('/set/note create set')}`)
    await has(page, '#no-cookie', 'npm start -- --https')
    await fitsInto(page, PHONE.width)
    await click(page, 'visits +1')
    await shows(page, 'visits', '1')
    assert.equal(await page.locator('#no-cookie p').count(), 0)
    await playground.settle()
  })

  it('follows what is done elsewhere: in another tab at once, by another client when it looks again', async () => {
    const page = await playground.visit()
    await click(page, 'visits +1')
    await shows(page, 'visits', '1')
    const tab = await page.context().newPage()
    await tab.goto('/')
    await click(tab, 'visits +10')
    await shows(page, 'visits', '11')
    await page.getByLabel('Look again every 5 seconds').check()
    await page.context().request.post(`${playground.origin}/increment/visits?by=5`)
    await shows(page, 'visits', '16')
    await playground.settle()
  })

  it('tells every tab of a sign-out', async () => {
    const page = await playground.visit()
    await signIn(page, 'live', 'laptop')
    const other = await page.context().newPage()
    await other.goto('/')
    for (const tab of [page, other]) await has(tab, '#told', 'connected')
    await click(page, 'visits +1')
    for (const tab of [page, other]) await has(tab, '#told', 'changed visits')
    await click(page, 'Sign out')
    for (const tab of [page, other]) await has(tab, '#told', 'ended destroyed')
    for (const tab of [page, other]) await has(tab, '#account', 'No one is signed in.')
    await playground.settle()
  })

  it('looks light or dark, as the visitor has it', async () => {
    const grounds = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await playground.visit('/', { colorScheme })
      const colours = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body)
        return [backgroundColor, color]
      })
      grounds.push(colours)
    }
    assert.deepEqual(grounds, [
      ['rgb(246, 247, 249)', 'rgb(26, 32, 41)'],
      ['rgb(15, 18, 22)', 'rgb(231, 235, 240)'],
    ])
    await playground.settle()
  })
})

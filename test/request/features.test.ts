import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { type AccountsOptions, accounts } from '../../src/accounts.ts'
import { adopting } from '../../src/adopt.ts'
import { authenticated } from '../../src/guard/authenticated.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, type Feature } from '../../src/index.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { serialized, type Serializer } from '../../src/serialize.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { cookieFor } from '../../src/testing.ts'
import { newApp } from '../support/app.ts'
import { CONTEXT } from '../support/site.ts'

const core = { secrets: [env.SESSION_SECRET], store: memoryStore() } as const

/** A feature that notes when it is called. */
function noting(name: string, notes: string[]): Feature {
  const note = (hook: string): undefined => void notes.push(`${name} ${hook}`)
  return {
    feature: name,
    setUp: () => note('setUp'),
    arrive: () => {
      note('arrive')
      return async () => note('looks')
    },
    confirmed: () => note('confirmed'),
    changed: async (_session, { is }) => note(is),
    finish: async () => note('finish'),
  }
}

describe('a feature', () => {
  test('is called at fixed places, in the order of the list', async () => {
    const notes: string[] = []
    const app = newApp({ ...core, use: [noting('one', notes), noting('two', notes)] })
    const browser = app.browser()
    const ask = async (handler: typeof app.handler): Promise<string[]> => {
      notes.length = 0
      app.handler = handler
      expect((await browser.fetch('/')).status).toBe(200)
      return notes
    }
    const both = (...hooks: string[]): string[] =>
      hooks.flatMap((hook) => [`one ${hook}`, `two ${hook}`])
    const first = await ask(async (session) => {
      await session.increment('n')
      notes.push('handled')
    })
    expect(first).toEqual([
      ...both('setUp', 'arrive', 'looks', 'confirmed'),
      'handled',
      ...both('finish'),
    ])
    const read = await ask(async (session) => {
      await session.get('n')
      notes.push('handled')
    })
    expect(read).toEqual([...both('confirmed'), 'handled', ...both('finish')])
    expect(await ask(() => 'unused')).toEqual([])
    expect(await ask((session) => session.regenerate())).toEqual(
      both('confirmed', 'issued', 'finish'),
    )
    expect(await ask((session) => session.destroy())).toEqual(both('ended', 'finish'))
  })

  test('adds methods to the session, and others to sessions', async () => {
    const counting: Feature<{ visits(): Promise<unknown> }, { readonly version: number }> = {
      feature: 'counting',
      methods: {
        async visits() {
          return (this as unknown as { get(key: string): Promise<unknown> }).get('visits')
        },
      },
      more: ({ now }) => ({ version: now() }),
    }
    const sessions = createSessions({ ...core, now: () => 5, use: [counting, accounts()] })
    expect(sessions.version).toBe(5)
    const fetch = sessions.withSession(async ({ session }) => {
      session.set('visits', 3)
      return { visits: await session.visits() }
    })
    const response = await fetch(new Request('https://app.example/'), {}, CONTEXT)
    expect(await response.json()).toEqual({ visits: 3 })
  })

  test('of one layer is not on the sessions of another', async () => {
    const one = createSessions({ ...core, use: [accounts()] })
    const other = createSessions(core)
    const { open } = other
    expect('signIn' in (await one.open(new Request('https://app.example/'), {}))).toBe(true)
    expect('signIn' in (await open(new Request('https://app.example/'), {}))).toBe(false)
  })

  test('that refuses an env is asked again by the next request', async () => {
    let isReady = false
    const late: Feature = {
      feature: 'late',
      setUp: () => {
        if (!isReady) throw new RangeError('not yet')
      },
    }
    const app = newApp({ ...core, use: [late] })
    await expect(app.browser().fetch('/')).rejects.toThrow('not yet')
    isReady = true
    expect((await app.browser().fetch('/')).status).toBe(200)
  })
})

describe('without accounts()', () => {
  const sessions = createSessions(core)
  const ERROR = { code: 'ERR_OPTION', message: expect.stringContaining('accounts()') as unknown }

  test.for([
    ['requireUser', requireUser()],
    ['authenticated', authenticated({ loginUrl: '/login' })],
  ] as const)('%s() says what to add', async ([, guard]) => {
    // A router would take it, whatever its type.
    const fetch = sessions.withSession(guard(() => 'in')) as unknown as (
      ...call: unknown[]
    ) => Promise<Response>
    const request = new Request('https://app.example/')
    await expect(fetch(request, {}, CONTEXT)).rejects.toMatchObject(ERROR)
  })

  test('cookieFor() of a user says what to add', async () => {
    await expect(cookieFor(sessions, {}, { userId: 'ada' })).rejects.toMatchObject(ERROR)
  })

  test('an old cookie that brings a user says what to add, and stays', async () => {
    const old = adoption({
      name: 'old',
      verify: (text) => ({ value: text, identity: text }),
      load: () => ({ userId: 'ada' }),
    })
    const { withSession } = createSessions({ ...core, use: [adopting(old)] })
    const fetch = withSession(({ session }) => session.all())
    const headers = { Cookie: `old=${crypto.randomUUID()}` }
    const request = new Request('https://app.example/', { headers })
    await expect(fetch(request, {}, CONTEXT)).rejects.toMatchObject(ERROR)
  })
})

describe('what is no option is refused, saying what to write:', () => {
  const index = userIndex(env.USERS)

  test.for<[options: unknown, advice: string]>([
    [{ index: {} }, 'index must be a function, such as (env) => userIndex(env.USERS).'],
    [{ index: null }, 'index must be a function'],
    [
      { index, limit: { max: 0, whenFull: 'refuse' } },
      'limit must be { max, whenFull }: 1 or more',
    ],
    [{ index, limit: { max: 1.5, whenFull: 'refuse' } }, 'limit must be { max, whenFull }'],
    [{ index, limit: { max: '2', whenFull: 'refuse' } }, 'limit must be { max, whenFull }'],
    [{ index, limit: { max: 2, whenFull: 'end-newest' } }, "'refuse' or 'end-oldest'."],
    [{ limit: { max: 2, whenFull: 'refuse' } }, 'limit needs index'],
    [
      { clearSiteData: 'cache' },
      "clearSiteData must be a list, such as ['cache'], of: cache, cookies",
    ],
    [{ clearSiteData: ['cache', 'Cookies'] }, 'clearSiteData must be a list'],
    [{ clearSiteData: ['"cache"'] }, 'clearSiteData must be a list'],
  ])('accounts(%j)', ([options, advice]) => {
    expect(() => accounts(options as AccountsOptions)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION',
        message: expect.stringContaining(advice),
      }),
    )
  })

  test.for<[what: string, adoptions: unknown[]]>([
    ['nothing', []],
    ['options', [{ name: 'old' }]],
    ['null', [null]],
    [
      'one that is none beside one',
      [adoption({ name: 'a', verify: () => undefined, load: () => ({}) }), 'b'],
    ],
  ])('adopting() of %s', ([, adoptions]) => {
    expect(() => adopting(...(adoptions as []))).toThrow(/^ERR_OPTION: adopting\(\) takes /)
  })

  test.for<[what: string, serializer: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['half of one', { stringify: String }],
    ['the other half', { parse: String }],
    ['a function', String],
  ])('serialized() of %s', ([, serializer]) => {
    expect(() => serialized(serializer as Serializer)).toThrow(
      /^ERR_OPTION: serialized\(\) takes a serializer with stringify and parse/,
    )
  })
})

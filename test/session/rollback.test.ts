import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { createSessions, type Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'

type Work = (session: Session) => unknown

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/**
 * Runs a request whose inner handler does something and then throws, between two parts of the outer one. Returns what
 * the last part returned, and all values of the next request.
 */
async function afterFailure(before: Work, inner: Work, after: Work): Promise<[unknown, unknown]> {
  const { withSession } = createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore() })
  let handler: (request: Request & { readonly session: Session }) => unknown = ({ session }) =>
    session.set('stored', 1)
  const fetch = withSession(async (request) => (await handler(request)) ?? null)
  const browser = new Browser((request) => fetch(request, {}, CONTEXT), undefined)
  await browser.fetch('/')
  handler = async (request) => {
    await before(request.session)
    const failing = withSession(async ({ session }) => {
      await inner(session)
      throw new Error('inner')
    })
    await expect(failing(request, {}, CONTEXT)).rejects.toThrow('inner')
    return after(request.session)
  }
  const seen = await browser.json('/')
  handler = ({ session }) => session.all()
  return [seen, await browser.json('/')]
}

const all: Work = (session) => session.all()

test('what a failed handler has cleared and written stays cleared', async () => {
  const before: Work = (session) => session.set('outer', 1)
  const inner: Work = async (session) => {
    session.clear()
    await session.commit()
  }
  expect(await afterFailure(before, inner, all)).toEqual([{}, {}])
})

test('what was written before a failed handler cleared and wrote is not there any more', async () => {
  const before: Work = async (session) => {
    session.set('outer', 1)
    await session.commit()
  }
  const inner: Work = async (session) => {
    session.clear()
    session.set('inner', 1)
    await session.commit()
    session.set('dropped', 1)
  }
  expect(await afterFailure(before, inner, all)).toEqual([{ inner: 1 }, { inner: 1 }])
})

test('a clear that a failed handler has not written is taken back', async () => {
  const before: Work = (session) => session.set('outer', 1)
  const inner: Work = (session) => {
    session.clear()
    session.set('inner', 1)
  }
  const both = { stored: 1, outer: 1 }
  expect(await afterFailure(before, inner, all)).toEqual([both, both])
})

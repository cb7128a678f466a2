import assert from 'node:assert/strict'
import { mock } from 'node:test'

import { createSessions } from '../../src/index.ts'
import { developmentStore } from '../../src/store/development.ts'
import { cookieFor } from '../../src/testing.ts'
import { describe, it } from './suite.ts'

describe('the store for development servers', () => {
  it('says once where the sessions are, and is one store', () => {
    const warn = mock.method(console, 'warn', () => undefined)
    assert.equal(developmentStore(), developmentStore())
    assert.equal(warn.mock.callCount(), 1)
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /sessions are in the memory/)
    warn.mock.restore()
  })

  it('keeps the sessions when the server loads the module again', async () => {
    const secrets = ['only-for-tests-only-for-tests-only-for-tests'] as const
    const before = createSessions({ secrets, store: developmentStore() })
    const cookie = await cookieFor(before, {}, { data: { a: 1 } })
    // As Vite does after a change of the file.
    const path = '../../src/store/development.ts?again'
    const again = (await import(path)) as { developmentStore: typeof developmentStore }
    assert.notEqual(again.developmentStore, developmentStore)
    const after = createSessions({ secrets, store: again.developmentStore() })
    const request = new Request('https://app.example/', { headers: { Cookie: cookie } })
    const session = await after.open(request, {})
    assert.equal(await session.get('a'), 1)
  })
})

import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { Token } from '../../src/codec/token.ts'
import { newPatch } from '../../src/session/changes.ts'
import { ReadCache } from '../../src/store/cached/copies.ts'

const NOW = 1_800_000_000_000
const MOMENT = { now: NOW, touch: 60_000 }
const MAX_AGE = 20_000

function newToken(): Token {
  return { handle: newRandomText(), secret: 's', createdAt: NOW, usedAt: NOW, revision: 1 }
}

/** What a store says of a session. */
const seen = (revision: number, text = '1') => ({ usedAt: NOW, revision, entries: { '=n': text } })

const textIn = (cache: ReadCache, token: Token): string | undefined =>
  cache.find(token, MOMENT)?.entries['=n']

describe('a read cache keeps', () => {
  test('the newest revision, in whatever order answers come', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    cache.keep(token, NOW, seen(2, 'two'))
    cache.keep(token, NOW, seen(1, 'one'))
    expect(textIn(cache, token)).toBe('two')
    cache.outdate(token.handle, NOW, 3)
    cache.keep(token, NOW - 1, seen(2, 'two'))
    expect(textIn(cache, token)).toBe(undefined)
    cache.keep(token, NOW, seen(3, 'three'))
    expect(textIn(cache, token)).toBe('three')
  })

  test('the later of two answers about one revision', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    cache.keep(token, NOW, seen(2))
    cache.keep(token, NOW - MAX_AGE, seen(2))
    expect(textIn(cache, token)).toBe('1')
  })

  test('nothing of a session that is over', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    cache.outdate(token.handle, NOW)
    cache.keep(token, NOW, seen(9))
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('nothing while the token is to be renewed, and nothing of a store that keeps no revisions', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    cache.keep(token, NOW, { ...seen(1), renewal: 'due' })
    expect(textIn(cache, token)).toBe(undefined)
    cache.keep(token, NOW, { usedAt: NOW, entries: {} })
    cache.keep(token, NOW, { revision: 1, entries: {} })
    cache.change(token, NOW, { usedAt: NOW }, newPatch({}), true)
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('what a change comes to where it knows what was before, and no guess otherwise', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    const set = newPatch({ set: [['=n', 'set']] })
    cache.change(token, NOW, seen(2), set, false)
    expect(textIn(cache, token)).toBe(undefined)
    cache.keep(token, NOW, seen(2))
    cache.change(token, NOW, seen(3), set, false)
    expect(textIn(cache, token)).toBe('set')
    // Another change lies between.
    cache.change(token, NOW, seen(5), newPatch({ set: [['=m', '1']] }), false)
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('2,000 sessions, and drops the oldest first', () => {
    const cache = new ReadCache(MAX_AGE)
    const tokens = Array.from({ length: 2001 }, newToken)
    for (const token of tokens) cache.keep(token, NOW, seen(1))
    expect(tokens.filter((token) => textIn(cache, token) === undefined)).toEqual([tokens[0]])
  })

  test('4,000,000 characters, and no session of more than 250,000', () => {
    const cache = new ReadCache(MAX_AGE)
    const long = newToken()
    const tokens = Array.from({ length: 40 }, newToken)
    for (const token of tokens) cache.keep(token, NOW, seen(1, 'x'.repeat(200_000)))
    const held = tokens.filter((token) => textIn(cache, token) !== undefined)
    expect(held).toEqual(tokens.slice(-19))
    cache.keep(long, NOW, seen(1, 'x'.repeat(250_000)))
    expect(tokens.filter((token) => textIn(cache, token) !== undefined)).toEqual(held)
    expect(textIn(cache, long)).toBe(undefined)
  })

  test('nothing of what a session was before it became too long', () => {
    const cache = new ReadCache(MAX_AGE)
    const token = newToken()
    cache.keep(token, NOW, seen(1))
    cache.keep(token, NOW, seen(2, 'x'.repeat(250_000)))
    expect(textIn(cache, token)).toBe(undefined)
  })
})

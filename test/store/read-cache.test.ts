import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { Token } from '../../src/codec/token.ts'
import type { Status } from '../../src/record/store.ts'
import { newPatch } from '../../src/session/changes.ts'
import type { Entries } from '../../src/session/patch.ts'
import { Copies } from '../../src/store/cached/copies.ts'
import { copyOf } from '../../src/store/cached/freshness.ts'

const NOW = 1_800_000_000_000
const MOMENT = { now: NOW, touch: 60_000 }
const MAX_AGE = 20_000

function newToken(): Token {
  return { handle: newRandomText(), secret: 's', createdAt: NOW, usedAt: NOW, bookmark: 1 }
}

/** What a store says of a session. */
const seen = (revision: number, text = '1') => ({ usedAt: NOW, revision, entries: { '=n': text } })

/** What a store says to the write that made this revision. */
const moved = (revision: number) => ({ ...seen(revision), moved: true }) as const

function newSecretOf(token: Token): Token {
  return { ...token, secret: newRandomText() }
}

/** Keeps what a store says, as of this time. */
function keep(
  cache: Copies,
  token: Token,
  at: number,
  { entries, ...status }: Status & { readonly entries: Entries },
): void {
  cache.keep(token, copyOf(at, status, entries))
}

const textIn = (cache: Copies, token: Token): string | undefined =>
  cache.find(token, MOMENT)?.entries['=n']

describe('a read cache keeps', () => {
  test('the newest revision, in whatever order answers come', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    keep(cache, token, NOW, seen(2, 'two'))
    keep(cache, token, NOW, seen(1, 'one'))
    expect(textIn(cache, token)).toBe('two')
    cache.outdate(token.handle, NOW, 3)
    keep(cache, token, NOW - 1, seen(2, 'two'))
    expect(textIn(cache, token)).toBe(undefined)
    keep(cache, token, NOW, seen(3, 'three'))
    expect(textIn(cache, token)).toBe('three')
  })

  test('the later of two answers about one revision', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    keep(cache, token, NOW, seen(2))
    keep(cache, token, NOW - MAX_AGE, seen(2))
    expect(textIn(cache, token)).toBe('1')
  })

  test('nothing of a session that is over', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    cache.outdate(token.handle, NOW)
    keep(cache, token, NOW, seen(9))
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('nothing while the token is to be renewed, and nothing of a store that keeps no revisions', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    keep(cache, token, NOW, { ...seen(1), renewal: 'due' })
    expect(textIn(cache, token)).toBe(undefined)
    keep(cache, token, NOW, { usedAt: NOW, entries: {} })
    keep(cache, token, NOW, { revision: 1, entries: {} })
    cache.change(token, NOW, { usedAt: NOW }, { patch: newPatch({}), isCreation: true })
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('what a change comes to where it knows what was before, and no guess otherwise', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    const set = newPatch({ set: [['=n', 'set']] })
    cache.change(token, NOW, seen(2), { patch: set })
    expect(textIn(cache, token)).toBe(undefined)
    keep(cache, token, NOW, seen(2))
    cache.change(token, NOW, moved(3), { patch: set })
    expect(textIn(cache, token)).toBe('set')
    // Another change lies between.
    cache.change(token, NOW, moved(5), { patch: newPatch({ set: [['=m', '1']] }) })
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('no guess where a write does not say that it made the new revision itself', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    const patch = newPatch({ set: [['=n', 'text']] })
    keep(cache, token, NOW, seen(2))
    cache.change(token, NOW, seen(2), { patch })
    expect(textIn(cache, token)).toBe('1')
    cache.change(token, NOW, seen(3), { patch })
    expect(textIn(cache, token)).toBe(undefined)
  })

  test('what a session had under its former token, where only the token was changed', () => {
    const cache = new Copies(MAX_AGE)
    const [token, other] = [newToken(), newToken()]
    const [next, last] = [newSecretOf(token), newSecretOf(token)]
    const nothing = newPatch({})
    keep(cache, token, NOW, seen(2))
    cache.renew(token, next, NOW, seen(3), nothing)
    expect(textIn(cache, next)).toBe('1')
    expect(textIn(cache, token)).toBe(undefined)
    // Another change lies between.
    cache.renew(next, last, NOW, seen(5), nothing)
    expect(textIn(cache, last)).toBe(undefined)
    const [ada, bob] = ['ada', 'bob'].map((userId) => ({ userId, at: NOW }))
    keep(cache, other, NOW, { ...seen(2), ...(ada && { account: ada }) })
    const bobs = newSecretOf(other)
    cache.renew(other, bobs, NOW, { ...seen(3), ...(bob && { account: bob }) }, nothing)
    expect(cache.find(bobs, MOMENT)).toMatchObject({ account: bob, entries: {} })
  })

  test('nothing for a token that the store has refused, in whatever order the answers come', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    keep(cache, token, NOW, seen(2))
    cache.refuse(token)
    expect(textIn(cache, token)).toBe(undefined)
    // An answer that was on its way.
    keep(cache, token, NOW, seen(2))
    expect(textIn(cache, token)).toBe(undefined)
    expect(cache.isNewest(token, { at: NOW, usedAt: NOW, revision: 9, entries: {} })).toBe(false)
  })

  test('2,000 sessions, and drops the oldest first', () => {
    const cache = new Copies(MAX_AGE)
    const tokens = Array.from({ length: 2001 }, newToken)
    for (const token of tokens) keep(cache, token, NOW, seen(1))
    expect(tokens.filter((token) => textIn(cache, token) === undefined)).toEqual([tokens[0]])
  })

  test('4,000,000 characters, and no session of more than 250,000', () => {
    const cache = new Copies(MAX_AGE)
    const long = newToken()
    const tokens = Array.from({ length: 40 }, newToken)
    for (const token of tokens) keep(cache, token, NOW, seen(1, 'x'.repeat(200_000)))
    const held = tokens.filter((token) => textIn(cache, token) !== undefined)
    expect(held).toEqual(tokens.slice(-19))
    keep(cache, long, NOW, seen(1, 'x'.repeat(250_000)))
    expect(tokens.filter((token) => textIn(cache, token) !== undefined)).toEqual(held)
    expect(textIn(cache, long)).toBe(undefined)
  })

  test('nothing of what a session was before it became too long', () => {
    const cache = new Copies(MAX_AGE)
    const token = newToken()
    keep(cache, token, NOW, seen(1))
    keep(cache, token, NOW, seen(2, 'x'.repeat(250_000)))
    expect(textIn(cache, token)).toBe(undefined)
  })
})

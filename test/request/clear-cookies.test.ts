import { describe, expect, test } from 'vitest'

import { clearAllCookies, clearCookie } from '../../src/codec/clear-cookies.ts'
import { TestBrowser } from '../../src/testing.ts'

describe('clearCookie', () => {
  test.for<[setCookie: string, cleared: string]>([
    ['a=1; Path=/', clearCookie('a')],
    ['a=1; Path=/; Secure; HttpOnly; SameSite=Strict', clearCookie('a')],
    ['a=1; Path=/app', clearCookie('a', { path: '/app' })],
    ['a=1; Path=/; Domain=example.com', clearCookie('a', { domain: 'example.com' })],
    ['__Host-a=1; Path=/; Secure', clearCookie('__Host-a')],
    ['__Secure-a=1; Path=/app; Secure', clearCookie('__Secure-a', { path: '/app' })],
  ])('takes %s away again, and nothing else', async ([setCookie, cleared]) => {
    const answers = [[setCookie, 'b=2; Path=/'], [cleared]]
    const browser = new TestBrowser(() => {
      const headers = new Headers()
      for (const value of answers.shift() ?? []) headers.append('Set-Cookie', value)
      return new Response('', { headers })
    })
    await browser.fetch('/app/')
    expect(browser.cookies.size).toBe(2)
    await browser.fetch('/app/')
    expect(browser.cookies.refused).toEqual([])
    expect(browser.cookies.get('b')).toBe('2')
    expect(browser.cookies.size).toBe(1)
  })

  test('has the attributes that the name asks for, and no others', () => {
    expect(clearCookie('a')).toBe('a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
    expect(clearCookie('__host-a')).toMatch(/; Secure;/)
    expect(clearCookie('a', { partitioned: true })).toMatch(/; Secure;.*; Partitioned$/)
  })

  test.for<[name: string, options: object]>([
    ['a b', {}],
    ['a', { path: 'x' }],
    ['a', { domain: 'a;b' }],
    ['__Host-a', { domain: 'example.com' }],
  ])('refuses %s with %j', ([name, options]) => {
    expect(() => clearCookie(name, options)).toThrow('ERR_OPTION')
  })
})

describe('clearAllCookies', () => {
  const cleared = (cookie: string, options = {}): string[] =>
    clearAllCookies(new Request('https://example.com/', { headers: { Cookie: cookie } }), options)

  test('clears each name once', () => {
    expect(cleared('a=1; b=2;a=3')).toEqual([clearCookie('a'), clearCookie('b')])
  })

  test('of the path and domain that are given', () => {
    const options = { path: '/app', domain: 'example.com' }
    expect(cleared('a=1', options)).toEqual([clearCookie('a', options)])
  })

  test('passes over what no server can have set there', () => {
    expect(cleared('=1; ; (x)=2; __Host-a=3; b=4', { path: '/app' })).toEqual([
      clearCookie('b', { path: '/app' }),
    ])
  })

  test('gives nothing where there is nothing', () => {
    expect(clearAllCookies(new Request('https://example.com/'))).toEqual([])
  })
})

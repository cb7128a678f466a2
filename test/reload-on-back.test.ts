import { expect, test } from 'vitest'

import { RELOAD_ON_BACK, RELOAD_ON_BACK_CSP } from '../src/reload-on-back.ts'

test('the source expression is the hash of the script', async () => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(RELOAD_ON_BACK))
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)))
  expect(RELOAD_ON_BACK_CSP).toBe(`'sha256-${text}'`)
})

test('the script is the same after an HTML template has escaped it', () => {
  expect(RELOAD_ON_BACK).not.toMatch(/[<>&"']/)
})

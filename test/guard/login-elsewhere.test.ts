import { expect, test } from 'vitest'

import { requireUser } from '../../src/guard/require-user.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

const PAGE = 'https://app.example/cart?item=1'

test.for([
  ['/login', '/login?next=%2Fcart%3Fitem%3D1'],
  ['/login?theme=dark', '/login?theme=dark&next=%2Fcart%3Fitem%3D1'],
  ['https://app.example/login', 'https://app.example/login?next=%2Fcart%3Fitem%3D1'],
  // Another host has to know where to return to.
  [
    'https://accounts.example/login',
    'https://accounts.example/login?next=https%3A%2F%2Fapp.example%2Fcart%3Fitem%3D1',
  ],
] as const)('a sign-in page at %s is told where to return to', async ([loginUrl, location]) => {
  const app = newApp({ store: memoryStore() })
  const fetch = app.sessions.withSession(requireUser({ loginUrl })(() => 'in'))
  const response = await fetch(new Request(PAGE, { headers: { Accept: 'text/html' } }), {})
  expect(response.status).toBe(302)
  expect(response.headers.get('Location')).toBe(location)
})

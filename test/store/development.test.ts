import { expect, test } from 'vitest'

import { developmentStore } from '../../src/store/development.ts'

// What it is in Node is in test/node/development-store.test.ts.
test('the store for development servers is refused on Workers', () => {
  expect(() => developmentStore()).toThrow(
    expect.objectContaining({
      code: 'ERR_OPTION',
      message: expect.stringContaining('developmentStore() is for development servers in Node'),
    }),
  )
})

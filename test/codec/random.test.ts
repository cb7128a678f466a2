import { expect, test, vi } from 'vitest'

test('a unique text is another one each time, and in each isolate', async () => {
  const isolate = async (): Promise<string[]> => {
    vi.resetModules()
    const { newUniqueText } = await import('../../src/codec/random.ts')
    return Array.from({ length: 100 }, newUniqueText)
  }
  const texts = [...(await isolate()), ...(await isolate()), ...(await isolate())]
  expect(new Set(texts).size).toBe(300)
})

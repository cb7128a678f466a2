import { expect, test } from 'vitest'

import { withFreshStub } from '../../src/store/object/fresh-stub.ts'

/** An error with the marks that the runtime puts on one. Simulated: workerd here marks a reset object's errors only. */
function marked(marks: object): Error {
  return Object.assign(new Error('a failed call'), marks)
}

/** How often a call is made that fails the first time, and how it comes out. */
async function triesAfter(error: unknown): Promise<[tries: number, outcome: unknown]> {
  let tries = 0
  async function call(): Promise<string> {
    tries += 1
    if (tries === 1) throw error
    return 'read'
  }
  try {
    const outcome = await withFreshStub(call)
    return [tries, outcome]
  } catch (outcome) {
    return [tries, outcome]
  }
}

test.for([
  { retryable: true },
  { durableObjectReset: true },
  { retryable: true, durableObjectReset: true, overloaded: false },
])('a reading call with an error marked %j is made once more', async (marks) => {
  expect(await triesAfter(marked(marks))).toEqual([2, 'read'])
})

test.for([
  {},
  { retryable: false },
  { remote: true },
  { overloaded: true },
  { retryable: true, overloaded: true },
  { durableObjectReset: true, overloaded: true },
])('and with one marked %j it is not', async (marks) => {
  const error = marked(marks)
  expect(await triesAfter(error)).toEqual([1, error])
})

test('what is thrown and is no error is passed on', async () => {
  expect(await triesAfter('a text')).toEqual([1, 'a text'])
})

test('the second failure is the one that counts', async () => {
  let tries = 0
  const call = async (): Promise<never> => {
    tries += 1
    throw marked({ retryable: true, message: `try ${tries}` })
  }
  await expect(withFreshStub(call)).rejects.toThrow('try 2')
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { mutatedText } from '../../scripts/mutate/copy.ts'
import { MUTATIONS } from '../../scripts/mutate/mutations.ts'

const root = join(import.meta.dirname, '../..')

test('each mutation has its place in the code, once, and tests that exist, each named once', () => {
  assert.ok(MUTATIONS.length >= 150)
  for (const mutation of MUTATIONS) {
    mutatedText(root, mutation)
    assert.equal(new Set(mutation.tests).size, mutation.tests.length, String(mutation.tests))
    for (const file of mutation.tests) assert.ok(existsSync(join(root, file)), file)
  }
})

test('no mutation is there twice', () => {
  const texts = MUTATIONS.map(({ file, find, replace }) => JSON.stringify([file, find, replace]))
  assert.equal(new Set(texts).size, texts.length)
})

import assert from 'node:assert/strict'

import { ArgumentError, oneOf, wholeNumber } from '../../scripts/command-line.mjs'
import { describe, it } from './suite.ts'

describe('a whole number of the command line', () => {
  it('is written with digits, and in range', () => {
    assert.equal(wholeNumber('--n', '7', { least: 7, most: 7 }), 7)
    for (const written of ['', ' 7', '-7', '7.0', '1e3', '0x7', 'NaN', 'Infinity', '6', '8'])
      assert.throws(
        () => wholeNumber('--n', written, { least: 7, most: 7 }),
        ArgumentError,
        written,
      )
  })

  it('is exact', () => {
    assert.throws(() => wholeNumber('--n', '9007199254740993'), ArgumentError)
  })
})

describe('a choice of the command line', () => {
  it('is one of those that are known', () => {
    assert.equal(oneOf('fruit', 'pear', ['apple', 'pear']), 'pear')
    assert.throws(
      () => oneOf('fruit', 'Pear', ['apple', 'pear']),
      new ArgumentError('There is no fruit "Pear". Use one of: apple; pear.'),
    )
  })
})

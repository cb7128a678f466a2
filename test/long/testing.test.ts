import assert from 'node:assert/strict'

import { newDependent } from '../node/dependent.ts'
import { run } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'

describe("the examples of an application's own tests", () => {
  it('pass under the vitest plugin', async () => {
    const packages = ['@cloudflare/vitest-plugin', 'itty-router', 'vitest']
    const directory = await newDependent('examples/testing', packages)
    const said = await run(directory, 'vitest', 'run', '--reporter=tap-flat')
    assert.equal(said.match(/^ok /gm)?.length, 10, said)
    assert.doesNotMatch(said, /^not ok /m)
  })

  it('pass under Miniflare, in Node', async () => {
    const packages = ['esbuild', 'itty-router', 'miniflare']
    const directory = await newDependent('examples/testing', packages)
    const said = await run(
      directory,
      'node',
      '--test',
      '--test-reporter=tap',
      'miniflare/shop.test.ts',
    )
    assert.equal(said.match(/^ok /gm)?.length, 5, said)
    assert.doesNotMatch(said, /^not ok /m)
  })

  it('pass without workerd', async () => {
    const directory = await newDependent('examples/testing')
    const said = await run(
      directory,
      'node',
      '--test',
      '--test-reporter=tap',
      'plain/visits.test.ts',
    )
    assert.equal(said.match(/^ok /gm)?.length, 1, said)
  })

  it('check a store by its contract', async () => {
    const directory = await newDependent('examples/testing')
    const said = await run(
      directory,
      'node',
      '--test',
      '--test-reporter=tap',
      'plain/counting-store.test.ts',
    )
    assert.match(said, /^# fail 0$/m)
    assert.ok((said.match(/^ *ok /gm)?.length ?? 0) > 80, said)
  })
})

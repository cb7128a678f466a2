import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'

import { newDirectory, ROOT } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

type Classes = Parameters<typeof bundle>[2]

/** Serves one of the examples as a deployment would, from the package as it is built. */
async function served(example: string, framework: string, classes: Classes): Promise<Browser> {
  const directory = await newDirectory()
  await mkdir(join(directory, 'node_modules'))
  const packages = { [framework]: join(ROOT, 'node_modules', framework), 'edge-session': ROOT }
  const links = Object.entries(packages).map(([name, target]) =>
    symlink(target, join(directory, 'node_modules', name), 'junction'),
  )
  await Promise.all(links)
  const main = join(directory, example)
  await copyFile(join(ROOT, 'examples', 'adapters', example), main)
  await bundle(main, directory, classes)
  const server = await newServer(directory, classes)
  after(() => server.kill())
  await server.start()
  return new Browser((request) => fetch(request), server.origin)
}

describe('an example, built and served,', () => {
  for (const framework of ['hono', 'itty-router']) {
    it(`counts visits with ${framework}`, async () => {
      const browser = await served(`${framework}.ts`, framework, ['SessionObject'])
      assert.deepEqual(await browser.json('/'), { visits: 1 })
      assert.deepEqual(await browser.json('/'), { visits: 2 })
      const response = await browser.fetch('/')
      assert.deepEqual(response.headers.getSetCookie(), [])
      assert.equal((await browser.fetch('/missing')).status, 404)
    })
  }

  it('counts in unstorage', async () => {
    const browser = await served('unstorage.ts', 'unstorage', ['ItemObject'])
    assert.deepEqual(await browser.json('/a'), { visits: 1 })
    assert.deepEqual(await browser.json('/a'), { visits: 2 })
    assert.deepEqual(await browser.json('/b'), { visits: 1 })
  })
})

describe('an adapter as it is built', () => {
  it('imports nothing but files of ours', async () => {
    const directory = join(ROOT, 'dist', 'adapter')
    const names = (await readdir(directory)).filter((name) => name.endsWith('.js'))
    assert.ok(names.length >= 6)
    for (const name of names) {
      const code = await readFile(join(directory, name), 'utf8')
      const imports = Array.from(
        code.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g),
        ([, specifier = '']) => specifier,
      )
      assert.deepEqual(
        imports.filter((specifier) => !specifier.startsWith('../') && !specifier.startsWith('./')),
        [],
        name,
      )
    }
  })
})

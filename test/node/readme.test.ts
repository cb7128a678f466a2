import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'

import { Browser } from '../support/browser.ts'
import { Demo, DEMO_FILES } from './demo.ts'
import { copyProject, newDirectory, newPort, ROOT, run } from './project.ts'
import { describe, it } from './suite.ts'
import { bundle, newServer } from './workerd.ts'

const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const reference = await readFile(join(ROOT, 'docs/reference.md'), 'utf8')

/** Node asks for compressed answers by itself, and curl does not. */
const AS_CURL = { 'Accept-Encoding': 'identity' }

/** The code blocks of a document in a language. */
function blocksOf(document: string, language: string): string[] {
  const blocks = document.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\\n\`\`\``, 'g'))
  return Array.from(blocks, ([, block = '']) => block)
}

interface Exchange {
  readonly command: string
  readonly answer: string
}

/** The commands of the transcript, each with what it prints; what differs from run to run is masked. */
function exchangesOf(transcript: string): Exchange[] {
  return transcript
    .split(/^\$ /m)
    .filter((part) => part !== '')
    .map((part) => {
      const [command = '', ...lines] = part.trim().split('\n')
      return { command, answer: masked(lines.join('\n')) }
    })
}

function masked(text: string): string {
  return text
    .replaceAll(/"(id|destroyed)":"[0-9a-f]{64}"/g, '"$1":"ID"')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"TIME"')
    .replaceAll(/__Host-session=1\.[\w-]{4}\.[\w-]{91}\.[\w-]{43};/g, '__Host-session=TOKEN;')
}

/** Prints a response as `curl -i` does. */
async function printed(response: Response): Promise<string> {
  const names = ['Content-Length', 'Content-Type', 'Cache-Control', 'Set-Cookie', 'Vary']
  const headers = names
    .filter((name) => response.headers.has(name))
    .map((name) => `${name}: ${response.headers.get(name)}`)
  const status = `HTTP/1.1 ${response.status} ${response.statusText}`
  return masked([status, ...headers, '', await response.text()].join('\n'))
}

describe('the reference', () => {
  it('shows what really happens on the wire', async () => {
    const directory = await newDirectory()
    const port = await newPort()
    await copyProject(directory, DEMO_FILES)
    const demo = new Demo(directory, port)
    after(() => demo.kill())
    await demo.said('edge-session demo: ')
    const newJar = (): Browser =>
      new Browser((request) => fetch(request), `http://localhost:${port}`)
    const jars = new Map<string, Browser>()
    const exchanges = exchangesOf(blocksOf(reference, 'console')[0] ?? '')
    assert.ok(exchanges.length >= 6)
    for (const { command, answer } of exchanges) {
      const [, from, to] = /^cp (\w+) (\w+)$/.exec(command) ?? []
      if (from !== undefined && to !== undefined) jars.set(to, (jars.get(from) ?? newJar()).copy())
      else {
        const [, sent, kept, method = 'GET', path = ''] =
          /^curl -i(?: -b (\w+))?(?: -c (\w+))?(?: -X (\w+))? http:\/\/localhost:8787(\S+)$/.exec(
            command,
          ) ?? []
        assert.notEqual(path, '', command)
        const jar = jars.get(sent ?? '') ?? newJar()
        if (kept !== undefined) jars.set(kept, jar)
        assert.equal(
          await printed(await jar.fetch(path, { method, headers: AS_CURL })),
          answer,
          command,
        )
      }
    }
    assert.equal(await demo.stop(), false)
  })
})

describe('the README', () => {
  it('opens with a Worker that type-checks and runs', async () => {
    const directory = await newDirectory()
    await mkdir(join(directory, 'node_modules'))
    for (const name of ['edge-session', '@cloudflare']) {
      const target = name === 'edge-session' ? ROOT : join(ROOT, 'node_modules', name)
      await symlink(target, join(directory, 'node_modules', name), 'junction')
    }
    const main = join(directory, 'worker.ts')
    await writeFile(main, blocksOf(readme, 'ts')[0] ?? '')
    const types = ['@cloudflare/workers-types']
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      lib: ['esnext'],
      types,
      noEmit: true,
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    await run(directory, 'tsc')
    await bundle(main, directory)
    const server = await newServer(directory)
    after(() => server.kill())
    await server.start()
    const browser = new Browser((request) => fetch(request), server.origin)
    const first = await browser.fetch('/')
    assert.equal(first.headers.get('Set-Cookie'), null)
    assert.deepEqual(await first.json(), { likes: 0 })
    assert.deepEqual(await browser.json('/', { method: 'POST' }), { likes: 1 })
    assert.deepEqual(await browser.json('/', { method: 'POST' }), { likes: 2 })
    assert.deepEqual(await browser.json('/'), { likes: 2 })
  })
})

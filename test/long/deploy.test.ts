import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { newDirectory, ROOT, run } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'

describe('the demo', () => {
  it('bundles as it would be deployed', async () => {
    const output = await newDirectory()
    const said = await run(ROOT, 'wrangler', 'deploy', '--dry-run', '--outdir', output)
    for (const binding of ['SESSIONS', 'SESSION_KV']) assert.match(said, new RegExp(binding))
    assert.match(await readFile(join(output, 'worker.js'), 'utf8'), /SessionObject/)
    const configuration = await readFile(join(ROOT, 'wrangler.toml'), 'utf8')
    assert.doesNotMatch(configuration, /^\s*SESSION_SECRET/m)
  })
})

describe('the Worker of', () => {
  const bindings = { readme: ['SESSIONS'], accounts: ['SESSIONS', 'USERS'] }
  for (const [document, names] of Object.entries(bindings)) {
    it(`${document} bundles with the configuration that is shown beside it`, async () => {
      const folder = join(ROOT, 'examples', document)
      const output = await newDirectory()
      const config = ['--config', join(folder, 'wrangler.toml')]
      const said = await run(
        folder,
        'wrangler',
        'deploy',
        '--dry-run',
        ...config,
        '--outdir',
        output,
      )
      for (const name of names) assert.match(said, new RegExp(`env\\.${name} `))
      assert.match(await readFile(join(output, 'worker.js'), 'utf8'), /SessionObject/)
    })
  }
})

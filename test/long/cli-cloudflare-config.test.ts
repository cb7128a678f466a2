import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { directoryWith } from '../node/command.ts'
import { init } from '../node/init.ts'
import { ROOT } from '../node/project.ts'
import { it } from '../node/suite.ts'

const CONFIG = `export default {
  worker: {
    name: 'shop',
    compatibilityDate: '2026-11-01',
    entrypoint: './src/index.js',
  },
}
`

it('wrangler takes a cloudflare.config.ts with what edge-session init prints for it', async () => {
  const directory = await directoryWith({
    'package.json': '{ "type": "module" }',
    'cloudflare.config.ts': CONFIG,
    'src/index.js': 'export default { fetch: () => new Response() }\n',
  })
  const { code, stderr } = await init(directory, '--yes', '--users')
  assert.equal(code, 0, stderr)
  const [, paste = ''] = /\n\n((?: {2}.*\n)+)/.exec(stderr) ?? []
  assert.match(paste, /SESSIONS[^]*USERS/)
  await writeFile(
    join(directory, 'cloudflare.config.ts'),
    CONFIG.replace('    entrypoint', `${paste}    entrypoint`),
  )
  // The classes are found as an installed package's.
  await mkdir(join(directory, 'node_modules'))
  await promisify(execFile)('ln', ['-s', ROOT, join(directory, 'node_modules/edge-session')])
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, 'node_modules/wrangler/bin/wrangler.js'),
      'deploy',
      '--dry-run',
      '--experimental-new-config',
    ],
    { cwd: directory, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' } },
  )
  assert.match(stdout, /env\.SESSIONS \(SessionObject/)
  assert.match(stdout, /env\.USERS \(UserObject/)
})

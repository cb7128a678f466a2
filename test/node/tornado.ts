import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'

import { atEnd, ROOT } from './project.ts'

/** Where Debian's python3-tornado is for. */
const PYTHON = '/usr/bin/python3'

/** Tornado's version on this machine; `undefined` where there is none. */
export function tornadoVersion(): string | undefined {
  try {
    const print = 'import tornado; print(tornado.version)'
    return execFileSync(PYTHON, ['-c', print], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return undefined
  }
}

/** Starts a Tornado application with these cookie secrets, the last of which signs; gives its origin. */
export async function startTornado(...secrets: string[]): Promise<string> {
  const script = join(ROOT, 'test', 'node', 'tornado-app.py')
  const server = spawn(PYTHON, [script, ...secrets], { stdio: ['ignore', 'pipe', 'inherit'] })
  atEnd(() => server.kill('SIGKILL'))
  const port = await new Promise<string>((resolve, reject) => {
    let line = ''
    server.stdout.on('data', (chunk: Buffer) => {
      line += chunk.toString()
      if (line.endsWith('\n')) resolve(line.trim())
    })
    server.once('exit', (code) => reject(new Error(`Tornado ended with ${code}.`)))
  })
  // Nothing of it is to keep this process from its end.
  server.stdout.destroy()
  server.unref()
  return `http://127.0.0.1:${port}`
}

import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

import { newDirectory, plainEnvironment, ROOT } from './project.ts'

/** The command line as it is published; `npm run build` makes it. */
export const COMMAND = join(ROOT, 'dist', 'cli.js')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `edge-session` in a directory, as a process of its own without a terminal, to its end. */
export async function edgeSession(
  directory: string,
  args: readonly string[],
  { input = '', env = {}, node = process.execPath }: Partial<Circumstances> = {},
): Promise<Outcome> {
  const child = spawn(node, [COMMAND, ...args], {
    cwd: directory,
    env: { ...plainEnvironment(), SESSION_SECRET: '', ...env },
  })
  child.stdin.end(input)
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    }),
  ])
  return { code, stdout, stderr }
}

interface Circumstances {
  readonly input: string
  readonly env: Record<string, string>
  readonly node: string
}

/** A directory with these files. */
export async function directoryWith(files: Record<string, string>): Promise<string> {
  const directory = await newDirectory()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
  return directory
}

/** The files' contents; `undefined` where there is none. */
export async function contents<Name extends string>(
  directory: string,
  names: readonly Name[],
): Promise<Record<Name, string | undefined>> {
  const entries = await Promise.all(
    names.map(async (name) => {
      const content = await readFile(join(directory, name), 'utf8').catch(() => undefined)
      return [name, content] as const
    }),
  )
  return Object.fromEntries(entries) as Record<Name, string | undefined>
}

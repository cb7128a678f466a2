import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'

import { CliError } from './cli-error.ts'

/** A text file. The byte order mark is kept apart, so that parsers need not handle it. */
export interface TextFile {
  readonly path: string
  readonly text: string
  readonly mark: '' | '\uFEFF'
  /** The file's line break, or the more frequent of the two. */
  readonly eol: '\n' | '\r\n'
  /** Permission bits. */
  readonly mode: number
}

/**
 * Reads a file as UTF-8. Returns `undefined` if it does not exist. Throws `CliError` if it is not UTF-8, because
 * writing it back would change it.
 */
export async function readTextFile(path: string): Promise<TextFile | undefined> {
  try {
    const [bytes, { mode }] = await Promise.all([readFile(path), stat(path)])
    if (!isUtf8(bytes)) throw new CliError(`${path} is not UTF-8. Save it as UTF-8 first.`)
    const content = bytes.toString('utf8')
    const mark = content.startsWith('\uFEFF') ? '\uFEFF' : ''
    const text = content.slice(mark.length)
    return { path, text, mark, eol: eolOf(text), mode: mode & 0o777 }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function eolOf(text: string): '\n' | '\r\n' {
  const all = text.split('\n').length - 1
  const windows = text.split('\r\n').length - 1
  return windows > all / 2 ? '\r\n' : '\n'
}

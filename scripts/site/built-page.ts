import { readFile } from 'node:fs/promises'

import { textsOf } from '../repository-texts.ts'
import { type Linked, pageOf } from './page.ts'
import type { Recording } from './recording.ts'

export const RECORDING = new URL('race.json', import.meta.url)

/** Returns the page as it is to be in docs/index.html: from the recording, and the titles of the documents. */
export async function builtPage(): Promise<string> {
  const recording = JSON.parse(await readFile(RECORDING, 'utf8')) as Recording
  const texts = [...(await textsOf('docs/*.md'))]
  const documents = texts.map(([path, text]): Linked => {
    const [, title = path] = /^# (.+)$/m.exec(text) ?? []
    return [path.replace('docs/', ''), title.replaceAll('`', '')]
  })
  return pageOf(recording, documents)
}

import { readFile } from 'node:fs/promises'

import { documentsInOrder } from '../documents-in-order.ts'
import { textsOf } from '../repository-texts.ts'
import { type Linked, pageOf } from './page.ts'
import type { Recording } from './recording.ts'

export const RECORDING = new URL('race.json', import.meta.url)

/** Returns the page as it is to be in docs/index.html: from the recording, and the documents in the README's order. */
export async function builtPage(): Promise<string> {
  const recording = JSON.parse(await readFile(RECORDING, 'utf8')) as Recording
  const [groups, texts] = await Promise.all([documentsInOrder(), textsOf('docs/*.md')])
  const documents = groups
    .flatMap(({ files }) => files)
    .map((file): Linked => {
      const [, title = file] = /^# (.+)$/m.exec(texts.get(`docs/${file}`) ?? '') ?? []
      return [file, title.replaceAll('`', '')]
    })
  return pageOf(recording, documents)
}

import { textsOf } from './repository-texts.ts'

/** A group of documents, and their files in `docs/`. */
export interface DocumentGroup {
  readonly name: string
  readonly files: readonly string[]
}

/**
 * Returns the documents in the order of the README's list, the one that all others follow. A link to one of a document's
 * headings does not count.
 */
export async function documentsInOrder(): Promise<DocumentGroup[]> {
  const readme = (await textsOf('README.md')).get('README.md') ?? ''
  const [, list = ''] = readme.split('\n## Documents\n')
  return Array.from(list.matchAll(/^- \*\*(.+?)\*\*: (.+)$/gm), ([, name = '', links = '']) => ({
    name,
    files: Array.from(links.matchAll(/\]\(docs\/([\w-]+\.md)\)/g), ([, file = '']) => file),
  }))
}

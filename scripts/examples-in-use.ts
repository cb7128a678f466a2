// Every example is shown to readers and run by a test; what is here says which is not. It reads no files.
import { type Fault, regionsOf, type Texts } from './code-blocks.ts'

export interface Uses {
  readonly examples: Texts
  readonly documents: Texts
  /** What the documents' blocks name: `examples/readme/cart.ts#cart`. */
  readonly shown: readonly string[]
  readonly tests: Texts
}

const SOURCE = /(?<!\.d)\.[cm]?[jt]sx?$/
/** What needs no words. */
const SUPPORT = /\.config\.[cm]?[jt]s$/

/**
 * What is wrong with the examples: regions that don't close or that no document shows, files that no document shows, files that no test
 * runs. A file is shown by a block or a link, and run by a test that imports it or has its path in a text; so is what it imports
 * itself, and so are all files of a folder that is named instead.
 */
export function checkExamples({ examples, documents, shown, tests }: Uses): Fault[] {
  const sources = [...examples.keys()].filter((path) => SOURCE.test(path))
  const blocks = shown.map((reference) => reference.split('#')[0] ?? '')
  const links = [...documents.values()].flatMap(linksOf)
  const seen = withTheirs([...blocks, ...links], examples)
  const run = withTheirs([...tests.values()].flatMap(namesOf), examples)
  return [
    ...[...examples].flatMap(([path, source]) => faultsOfRegions(path, source, shown)),
    ...sources
      .filter((path) => !seen.has(path) && !SUPPORT.test(path))
      .map((path) => ({ place: path, what: NOT_SHOWN })),
    ...sources.filter((path) => !run.has(path)).map((path) => ({ place: path, what: NOT_RUN })),
  ]
}

const NOT_SHOWN =
  'No document shows it. Show it in README.md or docs/, link it there, or remove it.'
const NOT_RUN =
  "No test runs it. Import it in test/examples/, or run its folder there ('examples/…' in one text)."

function faultsOfRegions(path: string, source: string, shown: readonly string[]): Fault[] {
  const { regions, faults } = regionsOf(path, source)
  const unseen = [...regions.keys()].filter((name) => !shown.includes(`${path}#${name}`))
  const what = (name: string): string => `No document shows the region ${name}. Remove it.`
  return [...faults, ...unseen.map((name) => ({ place: path, what: what(name) }))]
}

/** The files and folders of examples that a document links. */
export function linksOf(document: string): string[] {
  const links = document.matchAll(/\]\((?:\.\.\/|\.\/)*(examples\/[^)#\s]+?)\/?(?:#[^)]*)?\)/g)
  return Array.from(links, ([, path = '']) => path)
}

/** The files and folders of examples that a test has in a text: an import's, too. Comments name nothing. */
function namesOf(test: string): string[] {
  const code = test.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const names = code.matchAll(/(['"`])(?:\.\.?\/)*(examples\/[\w./-]+?)\/?\1/g)
  return Array.from(names, ([, , path = '']) => path)
}

/** These files, those of these folders, and what they import. */
function withTheirs(names: readonly string[], examples: Texts): Set<string> {
  const reached = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const folder = `${name}/`
    if (!reached.has(name)) waiting.push(...importsOf(name, examples.get(name) ?? ''))
    if (!examples.has(name))
      waiting.push(...[...examples.keys()].filter((path) => path.startsWith(folder)))
    reached.add(name)
  }
  return reached
}

/** The files that one imports by a relative path. */
function importsOf(path: string, source: string): string[] {
  const imports = source.matchAll(/\b(?:from|import)\s*\(?\s*(['"])(\.\.?\/[^'"]+)\1/g)
  return Array.from(imports, ([, , target = '']) =>
    decodeURIComponent(new URL(target, `file:///${path}`).pathname.slice(1)),
  )
}

/** Vitest's module runner, as far as it is used here. */
interface ModuleRunner {
  import: (path: string) => Promise<unknown>
  readonly evaluatedModules: {
    getModuleById(path: string): Module | undefined
  }
}

interface Module {
  readonly evaluated: boolean
  /** Resolves with the exports; absent once a changed file has to be read again. */
  readonly promise?: Promise<unknown>
}

declare global {
  // The name is Vitest's.
  // oxlint-disable-next-line no-underscore-dangle
  var __vitest_mocker__: { readonly moduleRunner: ModuleRunner } | undefined
}

/**
 * Has the Worker under test found without asking Vite for it. The Workers pool imports it at each request of a Worker and
 * each call of an object, and each import asks Vite's process, over a socket, where the file is: most of the time that a
 * call takes. Does nothing where there is no Vitest.
 */
export function loadedOnce(url: string): void {
  // oxlint-disable-next-line no-underscore-dangle
  const runner = globalThis.__vitest_mocker__?.moduleRunner
  if (runner === undefined || Object.hasOwn(runner, 'import')) return
  const { pathname } = new URL(url)
  const main = decodeURIComponent(pathname)
  const find = runner.import.bind(runner)
  let finding: Promise<unknown> | undefined
  runner.import = (path) => {
    if (path !== main) return find(path)
    const module = runner.evaluatedModules.getModuleById(main)
    if (module?.evaluated === true && module.promise !== undefined) return module.promise
    // One at a time: the answer to a second question could have the module evaluated again, after an object was made of
    // its first class.
    finding ??= find(path).finally(() => {
      finding = undefined
    })
    return finding
  }
}

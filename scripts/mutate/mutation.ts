/** A fault in one place: `find`, which stands in the file once, becomes `replace`. One of the tests has to fail. */
export interface Mutation {
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
  /** Why no test can fail: the code then does the same, or only costs more. */
  readonly equivalent?: string
}

/** The mutations of one file, with the tests of the file; some are equivalent, for the reason that comes third. */
export interface MutatedFile {
  readonly file: string
  readonly tests: readonly string[]
  readonly changes: readonly (readonly [find: string, replace: string, equivalent?: string])[]
}

export function mutationsOf(files: readonly MutatedFile[]): Mutation[] {
  return files.flatMap(({ file, tests, changes }) =>
    changes.map(([find, replace, equivalent]) => ({
      file,
      find,
      replace,
      tests,
      ...(equivalent !== undefined && { equivalent }),
    })),
  )
}

/** Where a framework's application sets up sessions: docs/frameworks.md, in a few lines. */
export interface Recipe {
  readonly title: string
  /** The module that calls `createSessions`. */
  readonly sessions: string
  /** The module that uses it, and its lines: a whole module, which test/frameworks/apps.ts type-checks. */
  readonly use: Use
  /** Only if the framework makes the Worker: the application's module to use as `main` instead. */
  readonly entry?: Entry
}

interface Use {
  readonly module: string
  readonly lines: readonly string[]
  /** The parts of the lines that JavaScript has to leave out. */
  readonly types?: readonly string[]
}

interface Entry {
  readonly module: string
  /** The module whose default export is the framework's Worker. */
  readonly worker: string
  /** Text about the framework's own configuration. */
  readonly also?: string
}

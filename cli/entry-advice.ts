import type { FrameworkName } from './framework.ts'
import { exportLine, type ObjectClass } from './object-class.ts'
import { RECIPES } from './recipes.ts'

/**
 * Returns how to export the classes if the framework makes the Worker, or `undefined` if the application has its own
 * entry module, or no framework.
 */
export function entryAdvice(
  framework: FrameworkName | undefined,
  classes: readonly ObjectClass[],
): string | undefined {
  if (framework === undefined) return undefined
  const { title, entry } = RECIPES[framework]
  if (entry === undefined) return undefined
  const { module, worker, also } = entry
  const lines = [
    `import worker from '${worker}'`,
    ...classes.map(exportLine),
    'export default worker',
  ]
  const text = `${title} makes the Worker, so create ${module} with these lines, and set it as main:\n\n  ${lines.join('\n  ')}\n`
  return also === undefined ? text : `${text}\n${also}\n`
}

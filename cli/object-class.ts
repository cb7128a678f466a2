import { CliError } from './cli-error.ts'

/** The package's Durable Object classes, with the module and the usual binding of each. */
export const OBJECT_CLASSES = {
  SessionObject: { module: 'edge-session/store/durable-object', binding: 'SESSIONS' },
  UserObject: { module: 'edge-session/store/user-index', binding: 'USERS' },
} as const satisfies Record<string, { module: string; binding: string }>

export type ObjectClass = keyof typeof OBJECT_CLASSES

/** Returns the line that exports the class from the Worker. */
export function exportLine(name: ObjectClass): string {
  return `export { ${name} } from '${OBJECT_CLASSES[name].module}'`
}

export function checkBindingName(name: string): void {
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return
  throw new CliError(
    `${JSON.stringify(name)} can't be a binding: use letters, digits and _, such as SESSIONS.`,
    { exitCode: 2 },
  )
}

import { readArguments } from './arguments.ts'
import { misuse } from './cli-error.ts'
import { coloured, unifiedDiff } from './diff.ts'
import { type FileChange, shownDifference, writeChanges } from './file-change.ts'
import { initPlan, type InitWishes } from './init-plan.ts'
import { nextSteps } from './next-steps.ts'
import { checkBindingName } from './object-class.ts'
import type { Terminal } from './terminal.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  env: { type: 'string', short: 'e', multiple: true },
  binding: { type: 'string' },
  users: { type: 'boolean' },
  kv: { type: 'boolean' },
  'no-export': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
} as const

/** `edge-session init`: adds what sessions need to a Worker. Returns the exit code. */
export async function initCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments('edge-session init', args, { options: OPTIONS, maxWords: 0 })
  const { yes: isAgreed = false, 'dry-run': isDry = false } = values
  if (isAgreed && isDry) {
    throw misuse('edge-session init: --yes writes and --dry-run does not. Choose one.')
  }
  const wishes = wishesOf(values)
  const plan = await initPlan(process.cwd(), wishes)
  for (const notice of plan.notices) terminal.note(`Note: ${notice}\n`)
  if (plan.changes.length === 0) {
    terminal.print('Nothing to do: everything that sessions need is in place.')
    return 0
  }
  terminal.print(shown(plan.changes, terminal))
  if (isDry) {
    terminal.print('Nothing was written: --dry-run.')
    return 0
  }
  if (!isAgreed && !(await isConfirmed(terminal))) return 1
  await writeChanges(plan.changes)
  const labels = plan.changes.map(({ label }) => label).join(', ')
  terminal.print(`Wrote ${labels}.\n\n${nextSteps({ ...plan, wishes })}`)
  return 0
}

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values']

function wishesOf(values: Values): InitWishes {
  const { config, binding, env = [], kv = false, users = false } = values
  if (binding !== undefined) checkBindingName(binding)
  return {
    config,
    binding,
    users,
    store: kv ? 'kv' : 'durable-object',
    environments: [...new Set(env)],
    leavesModule: values['no-export'] ?? false,
  }
}

async function isConfirmed(terminal: Terminal): Promise<boolean> {
  const answer = await terminal.ask('Write this?')
  if (answer === true) return true
  terminal.note(
    answer === undefined
      ? 'Nothing was written: there is no terminal for the question. To write without it: edge-session init --yes'
      : 'Nothing was written.',
  )
  return false
}

function shown(changes: readonly FileChange[], { hasColour }: Terminal): string {
  const diff = changes.map((change) => unifiedDiff(shownDifference(change))).join('\n')
  return hasColour ? coloured(diff) : diff
}

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { COMMAND, edgeSession } from './command.ts'
import { newDirectory, plainEnvironment, ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const directory = await newDirectory()

describe('the command line', () => {
  for (const args of [['--help'], ['init', '--help'], ['secret', '-h'], ['inspect', '--help']]) {
    it(`fits a screen: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await edgeSession(directory, args)
      const lines = stdout.trimEnd().split('\n')
      assert.equal(code, 0)
      assert.equal(stderr, '')
      assert.match(stdout, /Usage: edge-session/)
      assert.ok(lines.length < 24, `${lines.length} lines`)
      for (const line of lines) assert.ok(line.length <= 80, line)
    })
  }

  it('helps with a command in each way of asking', async () => {
    const [one, other] = await Promise.all([
      edgeSession(directory, ['help', 'init']),
      edgeSession(directory, ['init', '--yes', '--help']),
    ])
    assert.deepEqual(one, other)
  })

  it('has each of its options in its document, and no other', async () => {
    const document = await readFile(join(ROOT, 'docs', 'cli.md'), 'utf8')
    for (const command of ['init', 'inspect']) {
      const { stdout } = await edgeSession(directory, [command, '--help'])
      const [, section = ''] = document.split(`\n## ${command}\n`)
      const rows = section.split('\n## ')[0]?.match(/^\| .*$/gm) ?? []
      const listed = (lines: readonly string[]): string[] =>
        lines.flatMap((line) => line.match(/--[a-z][a-z-]+/g) ?? [])
      const documented = new Set(listed(rows.map((row) => row.split('|')[1] ?? '')))
      const offered = new Set(listed(stdout.match(/^ +(-\w, )?--[a-z-]+/gm) ?? []))
      offered.delete('--help')
      assert.ok(offered.size > 4)
      assert.deepEqual([...documented].toSorted(), [...offered].toSorted())
    }
  })

  it('says its version', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      version: string
    }
    const outcome = { code: 0, stdout: `${manifest.version}\n`, stderr: '' }
    assert.deepEqual(await edgeSession(directory, ['--version']), outcome)
    assert.deepEqual(await edgeSession(directory, ['-v']), outcome)
  })

  it('runs by its own first line, with the Node of the machine', async () => {
    const { stdout } = await promisify(execFile)(COMMAND, ['--version'], {
      env: plainEnvironment(),
    })
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  const misuses: [args: string[], message: RegExp][] = [
    [[], /^Sessions for Workers/],
    [['innit'], /unknown command "innit"\. Did you mean init\?/],
    [['launch'], /unknown command "launch"\. See: edge-session --help/],
    [['--versoin'], /unknown option "--versoin"\. Did you mean --version\?/],
    [['help', 'nothing'], /unknown command "nothing"/],
    [
      ['init', '--dryrun'],
      /unknown option --dryrun\. Did you mean --dry-run\? See: edge-session init --help/,
    ],
    [['init', '-x'], /unknown option -x\./],
    [['init', '--__proto__'], /unknown option --__proto__\./],
    [['init', '--constructor'], /unknown option --constructor\./],
    [['init', '--config'], /--config needs a value\./],
    [['init', '--config', '--yes'], /--config needs a value\./],
    [['init', '--binding='], /--binding needs a value\./],
    [['init', '--yes=no'], /--yes takes no value\./],
    [['init', 'here'], /what is "here" for\?/],
    [['init', '--yes', '--dry-run'], /Choose one\./],
    [['init', '--binding', 'MY-SESSIONS'], /"MY-SESSIONS" can't be a binding/],
    [['secret', '32'], /what is "32" for\?/],
    [['secret', '--yes'], /unknown option --yes\./],
    [['inspect'], /which cookie\?/],
    [['inspect', 'a', 'b'], /what is "b" for\?/],
    [['inspect', '--now', 'soon', 'a'], /--now must be milliseconds/],
    [['inspect', '--idle', 'half', 'a'], /--idle must be a number of seconds/],
  ]
  for (const [args, message] of misuses) {
    it(`refuses, with a hint: edge-session ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await edgeSession(directory, args)
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, message)
      assert.doesNotMatch(stderr, /^\s+at /m)
    })
  }
})

describe('edge-session secret', () => {
  it('prints another secret each time, alone, long enough for the library', async () => {
    const [one, other] = await Promise.all([
      edgeSession(directory, ['secret']),
      edgeSession(directory, ['secret']),
    ])
    for (const { code, stdout, stderr } of [one, other]) {
      assert.equal(code, 0)
      assert.equal(stderr, '')
      assert.match(stdout, /^[\w-]{43}\n$/)
      assert.equal(Buffer.from(stdout, 'base64url').length, 32)
    }
    assert.notEqual(one.stdout, other.stdout)
  })
})

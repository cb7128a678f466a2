export const USAGE = `Sessions for Workers: sets them up, and shows what a token contains.

Usage: edge-session <command> [options]

Commands:
  init              adds the binding, migration, export and secret to a Worker
  secret            prints a new signing secret
  inspect <cookie>  shows a session cookie's content, and why it is refused

Options:
  -h, --help        show help, also for a command: edge-session init --help
  -v, --version     show the version

Exit codes: 0 done or accepted, 1 not possible or refused, 2 wrong command.`

const INIT_USAGE = `Adds what sessions need to the Worker in this directory: the Durable Object's
binding and migration in its wrangler configuration, the exported class in its
entry module, and a secret in .dev.vars. Shows the changes and asks first. Keeps
existing content, with comments and order. A second run changes nothing.

Usage: edge-session init [options]

Options:
  -c, --config PATH   configuration; default wrangler.json, .jsonc or .toml here
  -e, --env NAME      also this named environment; can be repeated
      --binding NAME  the sessions' binding; default SESSIONS, or SESSION_KV
      --users         also add UserObject, as USERS: lists of users' sessions
      --kv            keep sessions in Workers KV instead of Durable Objects
      --no-export     leave the entry module unchanged
      --dry-run       show the changes, and write nothing
  -y, --yes           write without asking, for scripts
  -h, --help          show this help`

const SECRET_USAGE = `Prints a new signing secret of 32 random bytes, and nothing else.

Usage: edge-session secret

For production, without showing it:
  npx edge-session secret | npx wrangler secret put SESSION_SECRET`

const INSPECT_USAGE = `Shows what a session's cookie contains, and why the library would refuse it.
Makes no store call. Prints no secret, and nothing that opens the session.

Usage: edge-session inspect [options] <cookie>

<cookie> is a token, name=value, or a whole Cookie or Set-Cookie header. With -
it is read from standard input, which keeps it out of the shell's history.

Options:
      --name NAME          cookie name; default the given one, or __Host-session
      --secret-file FILE   secrets to check with, one per line; can be repeated
      --secret-name NAME   variable with the secret; default SESSION_SECRET, in
                           the environment, then in .dev.vars
      --idle SECONDS       idle timeout; default 1800
      --absolute SECONDS   absolute timeout; default 43200
      --now TIME           time to use instead of now: milliseconds, or ISO 8601
      --json               print JSON
  -h, --help               show this help

Exit codes: 0 accepted, 1 refused or not checked, 2 wrong command.`

/** The help of each command. */
export const COMMAND_USAGE = {
  init: INIT_USAGE,
  secret: SECRET_USAGE,
  inspect: INSPECT_USAGE,
} as const

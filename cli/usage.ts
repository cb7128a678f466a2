export const USAGE = `Sessions for Workers: sets them up, and says what a token holds.

Usage: edge-session <command> [options]

Commands:
  init              adds binding, migration, export and secret to a Worker
  secret            prints a new signing secret
  inspect <cookie>  says what a session's cookie holds, and why it is refused

Options:
  -h, --help        help, also for each command: edge-session init --help
  -v, --version     the version

Exit codes: 0 done, or accepted; 1 it could not be done, or is refused;
2 the command was written wrongly.`

const INIT_USAGE = `Gives the Worker in this directory what sessions need: the Durable Object's
binding and migration in its wrangler configuration, the exported class in its
entry module, and a secret in .dev.vars. Shows the changes and asks first. What
is there already stays, with comments and order; a second run changes nothing.

Usage: edge-session init [options]

Options:
  -c, --config PATH   configuration; else wrangler.json, .jsonc or .toml here
  -e, --env NAME      this named environment too; again for more
      --binding NAME  the sessions' binding; else SESSIONS, or SESSION_KV
      --users         also UserObject, as USERS: lists of users' sessions
      --kv            sessions in Workers KV instead of Durable Objects
      --no-export     leaves the entry module alone
      --dry-run       shows the changes, and writes nothing
  -y, --yes           writes without asking, for scripts
  -h, --help          this help`

const SECRET_USAGE = `Prints a new signing secret of 32 random bytes, and nothing else.

Usage: edge-session secret

For production, without anybody seeing it:
  npx edge-session secret | npx wrangler secret put SESSION_SECRET`

const INSPECT_USAGE = `Says what a session's cookie holds and why the library would refuse it. Asks no
store. Prints no secret, and nothing that opens the session.

Usage: edge-session inspect [options] <cookie>

<cookie> is a token, name=value, or a whole Cookie or Set-Cookie header. With -
it is read from standard input, and so stays out of the shell's history.

Options:
      --name NAME          the cookie's name; else the given one, __Host-session
      --secret-file FILE   secrets to check with, one a line; again for more
      --secret-name NAME   variable of the secret; else SESSION_SECRET. It is
                           looked for in the environment, then in .dev.vars
      --idle SECONDS       idle timeout; else 1800
      --absolute SECONDS   absolute timeout; else 43200
      --now TIME           another time than now: milliseconds, or ISO 8601
      --json               the same as JSON
  -h, --help               this help

Exit codes: 0 accepted, 1 refused or not checked, 2 written wrongly.`

/** The help of each command. */
export const COMMAND_USAGE = {
  init: INIT_USAGE,
  secret: SECRET_USAGE,
  inspect: INSPECT_USAGE,
} as const

// The one name of Node's that arktype's types ask for; Node's own types would hide what a Worker lacks.
declare module 'buffer' {
  export const File: unknown
}

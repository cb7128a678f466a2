import { Html } from './html.ts'

/** The page's looks: the system's own font and colours, light or dark as the visitor has it. */
export const STYLE = new Html(`
:root {
  color-scheme: light dark;
  --line: color-mix(in srgb, CanvasText 16%, Canvas);
  --faint: color-mix(in srgb, CanvasText 4%, Canvas);
  --quiet: color-mix(in srgb, CanvasText 65%, Canvas);
  --accent: light-dark(#1a56c4, #9cc0ff);
}
* { box-sizing: border-box }
body { margin: 0; background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 3rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem; letter-spacing: -0.01em }
h2 { margin: 0 0 .75rem; font-size: 1rem }
p { margin: 0 0 .75rem }
a { color: var(--accent) }
code, button { font: .875rem/1.4 ui-monospace, monospace }
code { overflow-wrap: anywhere }
section { margin-top: 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .75rem }
section > :last-child { margin-bottom: 0 }
nav { display: inline-flex; gap: .25rem; padding: .25rem; border-radius: .625rem; background: var(--faint) }
nav a { padding: .25rem .75rem; border-radius: .5rem; color: var(--quiet); text-decoration: none }
nav a[aria-current] { background: Canvas; color: CanvasText; box-shadow: 0 0 0 1px var(--line) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 }
dt, footer { color: var(--quiet) }
dd { margin: 0; min-width: 0 }
table { width: 100%; border-collapse: collapse }
th, td { padding: .375rem .75rem .375rem 0; border-top: 1px solid var(--line); text-align: left; font-weight: normal }
tr:first-child > * { border-top: 0 }
th { color: var(--quiet) }
td:last-child { width: 1%; padding-right: 0 }
.forms { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .5rem 1rem }
div + .forms { margin-top: .5rem }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem }
form { display: flex; margin: 0 }
input { flex: 1; min-width: 0; padding: .375rem .625rem; border: 1px solid var(--line); border-right: 0; border-radius: .5rem 0 0 .5rem; background: Canvas; color: CanvasText; font: inherit; font-size: .9375rem }
button { padding: .4375rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--faint); color: CanvasText; white-space: nowrap; cursor: pointer }
input:not([type=hidden]) + button { border-radius: 0 .5rem .5rem 0 }
button:hover { border-color: var(--accent); color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
.user { margin: 1rem 0 0 }
.card { display: grid; gap: .75rem; max-width: 24rem }
.card label { display: grid; gap: .25rem; color: var(--quiet); font-size: .9375rem }
.card input { width: 100%; border-right: 1px solid var(--line); border-radius: .5rem }
.card button { justify-self: start }
.scroll { overflow-x: auto }
.scroll time { white-space: nowrap }
.scroll + .buttons { margin-top: 1rem }
thead th { font-size: .875rem }
.flash { margin: 1rem 0 0; padding: .75rem 1rem; border-radius: .75rem; background: color-mix(in srgb, var(--accent) 12%, Canvas); overflow-wrap: anywhere }
.flash strong { margin-right: .5rem }
.flash + p { margin-top: 1rem }
footer { margin-top: 1.5rem }
`)

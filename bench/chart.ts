import { WORKS } from './contenders.ts'
import type { Figure } from './summary.ts'

const BAR = 18
const GAP = 26
const LEFT = 190
const WIDTH = 420

/** Returns the ratios to the floor as bars, with lines from the median to the fastest sixth; readable on light and dark. */
export function chartOf(figures: readonly Figure[], about: object): string {
  const parts: string[] = []
  let y = 40
  for (const work of WORKS) {
    const group = figures.filter((figure) => figure.work === work)
    if (group.length === 0) continue
    parts.push(`<text x="8" y="${y}" font-weight="600">${escape(work)}</text>`)
    y += 10
    for (const figure of group) {
      parts.push(barOf(figure, y))
      y += BAR + 4
    }
    y += GAP
  }
  const caption = Object.entries(about).map(([name, value]) => `${name}: ${value}`)
  const full = LEFT + WIDTH / 1.25
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 90}" height="${y + 10}" font-family="system-ui, sans-serif" font-size="12" fill="#57606a">
<text x="8" y="18" font-size="11">requests a second, as a share of the hand-written floor: the median of the rounds, and a line to the fastest sixth</text>
<line x1="${full}" x2="${full}" y1="28" y2="${y - GAP}" stroke="#8b949e" stroke-dasharray="2 3"/>
${parts.join('\n')}
<text x="8" y="${y}" font-size="10">${escape(caption.join(', '))}</text>
</svg>
`
}

function barOf({ contender, ratio, fastestRatio }: Figure, y: number): string {
  const x = (value: number): number => LEFT + Math.min(value, 1.25) * (WIDTH / 1.25)
  const colour = contender.startsWith('edge-session') ? '#1f6feb' : '#8b949e'
  const middle = y + BAR / 2
  const low = x(Math.min(ratio.median, fastestRatio))
  const high = x(Math.max(ratio.median, fastestRatio))
  return [
    `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escape(contender)}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${(x(ratio.median) - LEFT).toFixed(1)}" height="${BAR}" rx="2" fill="${colour}"/>`,
    `<line x1="${low.toFixed(1)}" x2="${high.toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#d29922" stroke-width="2"/>`,
    `<text x="${(high + 6).toFixed(1)}" y="${middle + 4}">${ratio.median.toFixed(2)}</text>`,
  ].join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

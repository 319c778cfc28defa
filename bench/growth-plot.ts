export interface Line {
  name: string
  /** Each x is above 0. */
  points: [x: number, y: number][]
}

const WIDTH = 720
const HEIGHT = 360
const LEFT = 70
const RIGHT = 110
const TOP = 50
const BOTTOM = 50
const COLORS = ['#3b6ea5', '#b33', '#2a7d4f', '#8a5a00', '#6b4fa0', '#555']

/** Draws lines over a logarithmic axis of x and one of y that begins at 0. */
export function plotLines(title: string, lines: Line[]): string {
  const points = lines.flatMap((line) => line.points)
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b)
  const [least = 1, most = 1] = [xs[0], xs.at(-1)]
  const highest = Math.max(...points.map(([, y]) => y))
  const xOf = (x: number) =>
    LEFT + (Math.log(x / least) / Math.log(most / least)) * (WIDTH - LEFT - RIGHT)
  const yOf = (y: number) => HEIGHT - BOTTOM - (y / highest) * (HEIGHT - TOP - BOTTOM)
  const text = (x: number, y: number, content: string, anchor = 'middle', color = '#222') =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${content}</text>`
  const floor = HEIGHT - BOTTOM
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"` +
      ' font-family="system-ui, sans-serif" font-size="13">',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="12" y="24" font-weight="600">${title}</text>`,
    `<path d="M${LEFT} ${TOP}V${floor}H${WIDTH - RIGHT}" fill="none" stroke="#999"/>`,
    ...xs.map((x) => text(xOf(x), floor + 20, x.toLocaleString('en'))),
    ...[0, highest / 2, highest].map((y) => text(LEFT - 8, yOf(y) + 4, y.toFixed(0), 'end')),
    ...lines.flatMap(({ name, points }, i) => {
      const color = COLORS[i % COLORS.length] as string
      const path = points.map(([x, y]) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(' ')
      const [lastX, lastY] = points.at(-1) ?? [least, 0]
      return [
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
        text(xOf(lastX) + 8, yOf(lastY) + 4, name, 'start', color)
      ]
    }),
    '</svg>',
    ''
  ].join('\n')
}

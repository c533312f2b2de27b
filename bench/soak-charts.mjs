// Draws samples: one chart below the other, time from left to right.
const WIDTH = 900;
const HEIGHT = 120;
const LEFT = 70;
const GAP = 46;

/** @returns an SVG of all measures */
export function drawCharts(samples, measures) {
  const charts = measures.map((measure, index) => chart(samples, measure, 20 + index * (HEIGHT + GAP)));
  const height = 20 + measures.length * (HEIGHT + GAP);
  const style =
    'text{font:12px sans-serif;fill:#333}polyline{fill:none;stroke:#1565c0;stroke-width:1.2}rect{fill:none;stroke:#bbb}';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + LEFT + 20}" height="${height}"><style>${style}</style>${charts.join('')}</svg>\n`;
}

function chart(samples, { key, name, unit, perHour, error, grows }, top) {
  const values = samples.map((each) => each[key]);
  const most = Math.max(...values) * 1.1 || 1;
  const end = samples.at(-1).minutes;
  const points = samples.map((each) => {
    const x = LEFT + (each.minutes / end) * WIDTH;
    const y = top + 16 + HEIGHT - (each[key] / most) * HEIGHT;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const slope = `${perHour.toFixed(2)} ± ${error.toFixed(2)} ${unit} per hour${grows ? ': grows' : ''}`;
  return [
    `<text x="${LEFT}" y="${top + 10}">${name}: ${slope}</text>`,
    `<rect x="${LEFT}" y="${top + 16}" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<polyline points="${points.join(' ')}"/>`,
    label(LEFT - 6, top + 26, 'end', most),
    label(LEFT - 6, top + 16 + HEIGHT, 'end', 0),
    label(LEFT + WIDTH, top + 30 + HEIGHT, 'end', end, ' min'),
  ].join('');
}

function label(x, y, anchor, value, unit = '') {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${value.toFixed(value >= 100 ? 0 : 1)}${unit}</text>`;
}

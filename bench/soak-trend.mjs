/** Stretches that samples are gathered in. */
const STRETCHES = 24;

/**
 * Whether something grows: the slope of its least values, stretch by stretch (so that garbage that waits to be collected does not count),
 * with its standard error.
 *
 * @param samples - `{ at, value }`, `at` in minutes
 * @param floor - growing by less than this, over all of the samples, is noise
 */
export function trendOf(samples, floor) {
  const points = lowest(samples);
  const { slope, error } = fit(points);
  const length = points.at(-1).at - points[0].at;
  const growth = slope * length;
  const grows = growth > floor && slope > 3 * error;
  return { first: points[0].value, last: points.at(-1).value, perHour: slope * 60, error: error * 60, grows };
}

function lowest(samples) {
  const size = Math.max(1, Math.ceil(samples.length / STRETCHES));
  const points = [];
  for (let from = 0; from < samples.length; from += size) {
    const stretch = samples.slice(from, from + size);
    points.push(stretch.reduce((least, each) => (each.value < least.value ? each : least)));
  }
  return points;
}

/** Least squares. */
function fit(points) {
  const count = points.length;
  const mean = (of) => points.reduce((sum, each) => sum + of(each), 0) / count;
  const [at, value] = [mean((each) => each.at), mean((each) => each.value)];
  const spread = points.reduce((sum, each) => sum + (each.at - at) ** 2, 0);
  if (spread === 0) return { slope: 0, error: 0 };
  const slope = points.reduce((sum, each) => sum + (each.at - at) * (each.value - value), 0) / spread;
  const rest = points.reduce((sum, each) => sum + (each.value - value - slope * (each.at - at)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / Math.max(1, count - 2) / spread) };
}

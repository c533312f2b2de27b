/**
 * The fields of a text of /proc/PID/stat from the third one on: the state is 0, the start time 19 (proc(5)). The second is the command in
 * brackets, and may hold brackets and blanks itself: what counts is the last one.
 */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

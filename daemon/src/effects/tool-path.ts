/** The PATH of launchers and tools: nothing of the daemon's own environment reaches them. */
export const TOOL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

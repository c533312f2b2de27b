/** Version of this client; written in by the build. */
export const VERSION = process.env.PROCMAN_VERSION ?? 'unknown';

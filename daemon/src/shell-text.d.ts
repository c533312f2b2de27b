/** A systemd unit bundled as text. */
declare module '*.service' {
  const text: string;
  export default text;
}
/** A shell script bundled as text. */
declare module '*.sh' {
  const text: string;
  export default text;
}

/** The systems that can be imported from. */
export const SOURCE_FORMATS = [
  'supervisord',
  'taskmaster',
  'tm-orchestrator',
  'procrust',
  'pm2',
  'procfile',
  'systemd',
] as const;
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

// Pictures of `tui` for docs/tui.md: frames as text, made by the code that draws the screen, of a shop that is always the same.

export function picturesOf({ tuiScene }) {
  // The reader's zone would be the machine's.
  process.env.TZ = 'UTC';
  const { Scene, shop, shopUsage, explanationOf } = tuiScene;
  const begun = (size = { columns: 80, rows: 16 }) =>
    new Scene({ size }).connected(shop()).take({ kind: 'usage', usage: shopUsage() });
  const row = (name) => shop().processes.find((each) => each.name === name);
  const web = explanationOf(row('web'), {
    dependencies: [{ id: 'db', condition: 'running', onLoss: 'stop', met: true, state: 'RUNNING', verdict: 'ok' }],
    dependents: ['worker:worker_00', 'worker:worker_01'],
  });
  const mailer = explanationOf(row('mailer'), {
    failures: { failedStarts: 4, runsInWindow: 4, maxRuns: 0 },
    exits: [
      {
        run: 'r1',
        code: 7,
        startedAt: '2026-03-01T11:58:01.000+00:00',
        at: '2026-03-01T11:58:02.000+00:00',
        durationSeconds: 0.4,
        stderr: ['mailer: cannot reach mail.example.org:25'],
      },
    ],
  });
  const explained = (name, explanation) => ({ kind: 'explained', name, explanation });
  const log = {
    stream: 'stdout',
    path: '/var/lib/procman/shop/logs/web.out.log',
    lines: ['11:59:58 GET /cart 200', '11:59:59 GET /pay 500 no such order', '12:00:00 GET / 200'],
  };
  const toWeb = ['down', 'down', 'down'];
  return {
    'tui-list': begun(),
    'tui-wide': begun({ columns: 150, rows: 16 }),
    'tui-details': begun().press('enter').take(explained('mailer', mailer)),
    'tui-links': begun()
      .press(...toWeb, 'enter')
      .take(explained('web', web))
      .press('tab'),
    'tui-log': begun({ columns: 80, rows: 10 })
      .press(...toWeb, 'enter', '5')
      .take({ kind: 'log', name: 'web', log })
      .press('/')
      .type('500')
      .press('enter'),
    'tui-question': begun().press('down', 'down', 'x'),
    'tui-unsupervised': begun({ columns: 80, rows: 12 }).take({
      kind: 'link',
      link: {
        kind: 'unsupervised',
        headline: 'unsupervised since 11:59:30: no daemon runs for uid "shop" (pid 4000 has gone)',
      },
    }),
    'tui-help': begun({ columns: 100, rows: 64 }).press('?'),
  };
}

/** As sections of Markdown. */
export function pictureSections(source) {
  return Object.fromEntries(
    Object.entries(picturesOf(source)).map(([name, scene]) => [name, `\`\`\`text\n${scene.frame().trimEnd()}\n\`\`\``]),
  );
}

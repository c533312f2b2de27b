// The generated sections of the documents, as Markdown, by name.

export function sectionsOf(source) {
  return {
    'top-keys': keySections(source, source.topKeys),
    'daemon-keys': keySections(source, source.daemonKeys),
    'metrics-keys': keySections(source, source.metricsKeys),
    'notify-keys': keySections(source, source.notifyKeys),
    'template-keys': keySections(source, source.templateKeys),
    'identity-keys': keySections(source, source.identityKeys),
    'process-keys': keySections(source, source.sharedKeys),
    ...metrics(source.METRICS),
    methods: methods(source.contract),
    results: results(source.contract),
    notifications: notifications(source.notifications),
    errors: errors(source.errorCodes),
    commands: commands(source.COMMANDS),
  };
}

/* ---------------------------------------------------------------- keys */

/** A heading for each key, so that it can be linked to. */
function keySections(source, shape) {
  return Object.entries(shape)
    .map(([name, check]) =>
      [
        `### \`${name}\``,
        '',
        sentences(check.description, defaultOf(source, check), allowedOf(source, check)),
        '',
        '```toml',
        check.meta().example,
        '```',
      ].join('\n'),
    )
    .join('\n\n');
}

function sentences(about, standard, allowed) {
  return `${about}${/[.!?]$/.test(about) ? '' : '.'}\n\n${standard} ${allowed}.`;
}

/** The forms of a duration are told once for all keys. */
export function allowedOf(source, check) {
  const { allowed } = check.meta();
  if (allowed === source.durationForm({ zero: true })) return 'A duration';
  if (allowed === source.durationForm({ zero: false })) return 'A duration above 0';
  return `Allowed: ${allowed}`;
}

export function defaultOf(source, check) {
  const { defaultText, allowed } = check.meta();
  if (defaultText !== undefined) return `Default: ${defaultText}.`;
  const { type, defaultValue } = check.def;
  if (type !== 'default') return type === 'optional' ? 'Default: none.' : 'Required.';
  return `Default: \`${written(defaultValue, allowed)}\`.`;
}

/** A default as one would write it in the file. */
function written(value, allowed) {
  if (typeof value === 'object' && value !== null && 'kind' in value) return `"${value.kind}"`;
  if (typeof value !== 'number') return JSON.stringify(value);
  if (allowed.includes('0o')) return `"${value.toString(8).padStart(4, '0')}"`;
  if (allowed.includes('"N%"')) return `"${value}%"`;
  return allowed.includes('"1m 30s"') ? `"${duration(value)}"` : String(value);
}

function duration(milliseconds) {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ];
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0 && milliseconds >= each) ?? ['s', 1000];
  return `${milliseconds / size}${unit}`;
}

/* ---------------------------------------------------------------- metrics */

/** A table for each kind: `procman_instance_`, and the rest. */
function metrics(all) {
  const rows = (isWanted) =>
    Object.entries(all)
      .filter(([name]) => isWanted(name.startsWith('procman_instance_')))
      .map(([name, { type, help, labels, when }]) => [
        `\`${name}\``,
        type,
        labels
          .filter((label) => label !== 'name' && label !== 'process')
          .map((label) => `\`${label}\``)
          .join(', '),
        when === undefined ? help : `${help}. Only where ${when}`,
      ]);
  const head = ['metric', 'type', 'further labels', 'what it tells'];
  return {
    'instance-metrics': table(
      head,
      rows((isOfInstance) => isOfInstance),
    ),
    'daemon-metrics': table(
      head,
      rows((isOfInstance) => !isOfInstance),
    ),
  };
}

/* ---------------------------------------------------------------- protocol and commands */

function methods(contract) {
  const rows = Object.entries(contract).map(([name, { summary, params, errors: own }]) => [
    `\`${name}\``,
    summary,
    paramsOf(params),
    own.map((error) => `\`${error}\``).join(', '),
  ]);
  return table(['method', 'does', 'params', 'errors of its own'], rows);
}

/** Methods with the same result share a line. */
function results(contract) {
  const names = new Map();
  for (const [name, { result }] of Object.entries(contract)) {
    if (result.def.type === 'record') continue;
    const shape = shapes(result).join(', or ');
    names.set(shape, [...(names.get(shape) ?? []), `\`${name}\``]);
  }
  return [...names].map(([shape, those]) => `- ${those.join(', ')}: ${shape}`).join('\n');
}

function notifications(all) {
  return Object.entries(all)
    .map(([name, { summary, params }]) => `- \`${name}\`: ${summary}. ${shapes(params).join(', or ')}`)
    .join('\n');
}

/** The object, or objects, that a schema stands for: its fields, and those of the lists of objects right in it. */
function shapes({ def }) {
  return def.type === 'union' ? def.options.flatMap(shapes) : [`\`{ ${fieldsOf(def.shape, true)} }\``];
}

function fieldsOf(shape, isTop) {
  return Object.entries(shape)
    .map(([name, check]) => {
      const inner = check.def.type === 'optional' ? check.def.innerType : check;
      const label = check.def.type === 'optional' ? `${name}?` : name;
      const { type, element } = inner.def;
      if (!isTop || type !== 'array') return label;
      return element.def.type === 'object' ? `${label}: [{ ${fieldsOf(element.def.shape, false)} }]` : `${label}: []`;
    })
    .join(', ');
}

/** A `?` marks what may be left out. */
function paramsOf(params) {
  const { shape } = params.def.type === 'pipe' ? params.def.in : params;
  const names = Object.entries(shape ?? {}).map(([name, check]) =>
    check.safeParse(undefined).success ? `${name}?` : name,
  );
  return names.length === 0 ? 'none' : `\`${names.join(', ')}\``;
}

function errors(codes) {
  return table(
    ['code', 'name'],
    Object.entries(codes).map(([name, code]) => [String(code), `\`${name}\``]),
  );
}

function commands(all) {
  const visible = all.filter(({ hidden }) => !hidden);
  const rows = visible.map(({ name, aliases = [], operands, options, summary }) => {
    const words = operands.map(({ label, optional, repeated }) => bracketed(label, optional, repeated));
    const flags = options
      .filter(({ later }) => !later)
      .map(({ long, value }) => `\`--${long}${value ? ` ${value}` : ''}\``);
    const also = aliases.length === 0 ? '' : ` (also \`${aliases.join('`, `')}\`)`;
    return [`\`${[name, ...words].join(' ')}\`${also}`, summary, flags.join(' ')];
  });
  return table(['command', 'does', 'options'], rows);
}

function bracketed(label, optional, repeated) {
  const text = repeated ? `${label}..` : label;
  return optional ? `[${text}]` : text;
}

/* ---------------------------------------------------------------- Markdown */

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

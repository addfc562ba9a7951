/** What the other side of the transports' contract sees: not the transports. */
const transportContract = ['transports/transport.ts', 'transports/message-key.ts'];

/** What each module of src/ may import, besides itself and libraries: the table of docs/architecture.md. */
const importTable = {
  domain: [],
  // config.ts for its type: only what config.ts builds is passed around.
  platform: ['config.ts', 'ormconfig.ts'],
  transports: ['platform'],
  'event-store': ['domain', 'platform'],
  tenants: ['domain', 'platform'],
  ingest: ['domain', 'event-store', 'tenants', 'platform'],
  relay: ['domain', 'event-store', 'tenants', ...transportContract, 'platform'],
  projections: ['domain', 'event-store', 'platform'],
  adapters: ['domain', 'tenants', 'platform'],
  flows: ['domain'],
  workers: ['domain', 'event-store', 'projections', 'flows', 'adapters', 'tenants', ...transportContract, 'platform'],
  replay: ['domain', 'event-store', 'projections', 'tenants', 'ingest/normalise.ts', 'platform'],
  alarms: [...transportContract, 'platform'],
  finance: ['domain', 'event-store', 'projections', 'tenants', 'platform'],
};

const pathOf = (entry) => {
  if (entry === 'ormconfig.ts') return '^ormconfig\\.ts$';
  return entry.endsWith('.ts') ? `^src/${entry.replace('.', '\\.')}$` : `^src/${entry}/`;
};

const tableRules = Object.entries(importTable).map(([module, allowed]) => ({
  name: `${module}-imports`,
  comment: `${module} may import only: ${['itself', 'libraries', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${module}/` },
  to: {
    path: '^(src/|test/|ormconfig\\.ts$)',
    pathNot: [module, ...allowed].map(pathOf),
  },
}));

const forbidden = [
  ...tableRules,
  {
    name: 'domain-is-pure',
    comment: 'domain uses no library but zod, and nothing of Node',
    severity: 'error',
    from: { path: '^src/domain/' },
    to: { dependencyTypes: ['npm', 'npm-dev', 'core', 'npm-unknown', 'npm-no-pkg'], pathNot: 'node_modules/zod/' },
  },
  {
    name: 'projections-only-read-events',
    comment: 'of the event store, projections use what reads',
    severity: 'error',
    from: { path: '^src/projections/' },
    to: { path: '^src/event-store/', pathNot: '^src/event-store/(read-[^/]+|high-water-mark)\\.ts$' },
  },
  {
    name: 'http-imports',
    comment: 'http may not import cli, dev, app.ts or a concrete transport',
    severity: 'error',
    from: { path: '^src/http/' },
    to: { path: ['^src/(cli|dev|transports|app)/', '^src/app\\.ts$'], pathNot: transportContract.map(pathOf) },
  },
  {
    name: 'app-imports',
    comment: 'the composition root knows neither the command line nor the development servers',
    severity: 'error',
    from: { path: '^src/app(\\.ts$|/)' },
    to: { path: '^src/(cli|dev)/' },
  },
  {
    name: 'not-to-test',
    severity: 'error',
    from: { path: '^src/' },
    to: { path: '^test/' },
  },
  {
    name: 'no-cycles',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'what nothing imports and what imports nothing is not part of the product',
    severity: 'error',
    from: { orphan: true, path: '^src/', pathNot: '^src/cli/main\\.ts$' },
    to: {},
  },
  {
    name: 'not-to-dev-dependency',
    comment: 'production installs without development dependencies; only what starts embedded servers may need them',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/dev/' },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'] },
  },
  {
    name: 'resolvable',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden,
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { runCli, startServer } from './spawn-cli.ts';

let directory: ReturnType<typeof createTemporaryDirectory>;

beforeAll(() => {
  directory = createTemporaryDirectory();
});

afterAll(() => directory.remove());

test('without a server, a command starts the embedded PostgreSQL for its own duration; a server finds what it wrote', async () => {
  const dataDir = ['--data-dir', directory.path];
  const env = { PORT: '0' };
  const created = await runCli(['tenants', 'create', 'Alder Dental', '--json', ...dataDir], env);
  expect(created).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('starting its PostgreSQL for this command'),
  });
  expect(JSON.parse(created.stdout)).toEqual({ id: expect.any(String) });

  const server = await startServer(dataDir, env);
  try {
    const listed = await runCli([...dataDir, 'tenants', 'list'], env);
    expect(listed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Alder Dental') });
    const source = ['--provider', 'stripe', '--account', 'acct_1', '--secret', 'whsec_one', '--mode', 'test'];
    expect(await runCli(['sources', 'create', ...source, ...dataDir], env)).toMatchObject({ code: 0 });
    // The key that sealed the secret here opens it there.
    const sent = await runCli(['send', 'stripe', 'invoice.paid', ...dataDir], env);
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('202 unassigned') });
  } finally {
    expect(await server.interrupt()).toMatchObject({ code: 0, stderr: '' });
  }
});

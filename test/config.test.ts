import { describe, expect, test } from '@jest/globals';
import { ConfigError, describeConfig, listSettings, loadConfig } from '../src/config.ts';

const masterKey = Buffer.alloc(32, 7).toString('base64');
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://app:hush@db.internal/hookledger',
  REDIS_URL: 'redis://:hush@cache.internal',
  HOOKLEDGER_MASTER_KEY: masterKey,
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the configuration', () => {
  test('needs nothing for development', () => {
    expect(loadConfig({})).toEqual({
      isProduction: false,
      host: '127.0.0.1',
      port: 3000,
      databaseUrl: undefined,
      redisUrl: undefined,
      masterKey: undefined,
      dataDir: '.hookledger',
      publicUrl: undefined,
      bodyLimitBytes: 5_242_880,
      deadLetterDays: 30,
      jobDays: 30,
      webhookBodyDays: undefined,
      startWaitSeconds: 60,
      shutdownSeconds: 25,
      logLevel: 'info',
    });
  });

  test('takes a variable that is set to nothing as not set', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '' }).port).toBe(3000);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  test('listens on every address in production, unless told otherwise', () => {
    expect(loadConfig(production).host).toBe('0.0.0.0');
    expect(loadConfig({ ...production, HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
  });

  test.each(['DATABASE_URL', 'REDIS_URL', 'HOOKLEDGER_MASTER_KEY'])('refuses production without %s', (name) => {
    expect(problemsOf({ ...production, [name]: '' })).toEqual([`${name} must be set when NODE_ENV is production`]);
  });

  test('reports everything that is wrong at once, without any value', () => {
    const problems = problemsOf({ PORT: '70000', REDIS_URL: 'http://secret', HOOKLEDGER_MASTER_KEY: 'c2VjcmV0' });
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/PORT .*\nREDIS_URL .*\nHOOKLEDGER_MASTER_KEY must be 32 bytes in base64/);
    expect(problems.join('\n')).not.toMatch(/secret|c2VjcmV0/);
  });

  test('suggests the setting that a misspelt one may mean', () => {
    expect(problemsOf({ HOOKLEDGER_MASTERKEY: masterKey })).toEqual([
      'HOOKLEDGER_MASTERKEY is not a setting; did you mean HOOKLEDGER_MASTER_KEY?',
    ]);
    expect(problemsOf({ HOOKLEDGER_COMPLETELY_DIFFERENT: '1' })).toEqual([
      'HOOKLEDGER_COMPLETELY_DIFFERENT is not a setting',
    ]);
  });

  test('is shown without its secrets', () => {
    const shown = describeConfig(loadConfig(production));
    expect(shown['DATABASE_URL']).toBe('postgres://app:***@db.internal/hookledger');
    expect(shown['HOOKLEDGER_MASTER_KEY']).toBe('set');
    expect(JSON.stringify(shown)).not.toMatch(/hush/);
  });

  test('shows and describes the same settings', () => {
    const settings = listSettings();
    expect(settings.map(({ name }) => name)).toEqual(Object.keys(describeConfig(loadConfig({}))));
    expect(settings.filter(({ description }) => description === '')).toEqual([]);
    expect(settings.find(({ name }) => name === 'PORT')?.default).toBe('3000');
  });
});

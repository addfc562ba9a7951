import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { openSecret, sealSecret, SecretUnreadableError } from '../../src/tenants/secret-box.ts';

const masterKey = randomBytes(32);

describe('a sealed secret', () => {
  test('opens with its key for its owner', () => {
    const sealed = sealSecret(masterKey, 'whsec_ä 🔑', 'src_1');
    expect(openSecret(masterKey, sealed, 'src_1')).toBe('whsec_ä 🔑');
  });

  test('holds nothing of the secret in the clear and is another one each time', () => {
    const sealed = sealSecret(masterKey, 'whsec_plain', 'src_1');
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('whsec_plain');
    expect(sealSecret(masterKey, 'whsec_plain', 'src_1')).not.toBe(sealed);
  });

  test('does not open for another owner', () => {
    const sealed = sealSecret(masterKey, 'whsec_plain', 'src_1');
    expect(() => openSecret(masterKey, sealed, 'src_2')).toThrow(SecretUnreadableError);
  });

  test('says so when another master key sealed it', () => {
    const sealed = sealSecret(randomBytes(32), 'whsec_plain', 'src_1');
    expect(() => openSecret(masterKey, sealed, 'src_1')).toThrow(/src_1 was sealed with another master key/);
  });

  test('does not open when any byte of it was changed', () => {
    const bytes = Buffer.from(sealSecret(masterKey, 'whsec_plain', 'src_1'), 'base64');
    for (const [index, byte] of bytes.entries()) {
      const changed = Buffer.from(bytes);
      changed[index] = byte ^ 1;
      expect(() => openSecret(masterKey, changed.toString('base64'), 'src_1')).toThrow(SecretUnreadableError);
    }
  });

  test('does not open when it was cut short', () => {
    const sealed = sealSecret(masterKey, 'whsec_plain', 'src_1');
    expect(() => openSecret(masterKey, sealed.slice(0, 20), 'src_1')).toThrow(SecretUnreadableError);
    expect(() => openSecret(masterKey, '', 'src_1')).toThrow(SecretUnreadableError);
  });

  test('needs a master key of 32 bytes', () => {
    expect(() => sealSecret(randomBytes(16), 'whsec_plain', 'src_1')).toThrow(RangeError);
  });
});

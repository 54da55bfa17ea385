import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readSeal, sealFile, signatureFile } from './engine/seal.ts';
import type { Problem } from './engine/verify.ts';
import { fileDigest, statementOf } from './statement.ts';
import { type Manifest, UserError } from './types.ts';

const text = z.string();
const base64 = z.string().refine((given) => Buffer.from(given, 'base64').toString('base64') === given);
const envelopeSchema = z.strictObject({
  payloadType: z.literal('application/vnd.in-toto+json'),
  payload: base64,
  signatures: z.tuple([z.strictObject({ keyid: text, sig: base64, public: text })]),
});

/** A signed in-toto statement (v1) about a run's seal, in a DSSE envelope; ed25519 by node:crypto. */
export type Envelope = z.infer<typeof envelopeSchema>;

const payloadType = 'application/vnd.in-toto+json';

/** DSSE's pre-authentication encoding: what is signed. */
function encoded(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

/** A key's name: sha256 of its public half in SPKI form. */
export function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** A new ed25519 pair in PEM. */
export function newKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** Signs a sealed run with an ed25519 private key (PEM). */
export function signed(folder: string, manifest: Manifest, pem: string): Envelope {
  if (typeof readSeal(folder) !== 'object' || readSeal(folder) === null)
    throw new UserError(`${folder} has no seal`, 'finish the run first: the same run command again, or plumbline score');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new UserError('the key is not a private key in PEM form', 'plumbline sign --new-key my.key makes one');
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new UserError(`the key is ${key.asymmetricKeyType ?? 'unknown'}, not ed25519`, 'plumbline sign --new-key my.key makes one');
  const payload = Buffer.from(JSON.stringify(statementOf(folder, manifest)));
  const open = createPublicKey(key);
  const sig = sign(null, encoded(payload), key).toString('base64');
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyIdOf(open), sig, public: open.export({ type: 'spki', format: 'pem' }) as string }],
  };
}

/** The text of an envelope: one form only, so that every changed byte of it shows. */
export const envelopeText = (envelope: Envelope): string => `${JSON.stringify(envelope, null, 1)}\n`;

/** What is wrong with a run's signature, and who signed it. `trusted`: the path of the only public key that counts; null: any. */
export function signatureProblems(
  folder: string,
  trusted: string | null,
): { readonly problems: readonly Problem[]; readonly keyId: string | null } {
  const bad = (what: string) => ({ problems: [{ where: signatureFile, what }], keyId: null });
  if (trusted !== null && !existsSync(trusted)) throw new UserError(`--key ${trusted}: there is no such file`);
  const held = readFileSync(join(folder, signatureFile), 'utf8');
  const envelope = parsedOrNull(held);
  if (!envelope || envelopeText(envelope) !== held) return bad('is not a signed statement in the one form that plumbline writes');
  const [signature] = envelope.signatures;
  const own = keyFrom(signature.public);
  const key = trusted === null ? own : keyFrom(readFileSync(trusted, 'utf8'));
  if (trusted !== null && !key)
    throw new UserError(`--key ${trusted}: is not a public key in PEM form`, 'plumbline sign --new-key writes one, ending in .pub');
  if (!own || !key || own.export({ type: 'spki', format: 'pem' }) !== signature.public || keyIdOf(own) !== signature.keyid)
    return bad('the key in it is not the one that it names');
  const payload = Buffer.from(envelope.payload, 'base64');
  if (!verify(null, encoded(payload), key, Buffer.from(signature.sig, 'base64')))
    return bad(trusted === null ? 'the signature does not fit the statement' : 'was not signed with the given key');
  if (keyIdOf(own) !== keyIdOf(key)) return bad('names another key than the given one');
  const statement = statementSchema.safeParse(jsonOrNull(payload.toString('utf8')));
  if (!statement.success) return bad('what is signed is no statement about a run');
  if (statement.data.subject[0].digest.sha256 !== fileDigest(join(folder, sealFile)).sha256) return bad('was made for another seal');
  return { problems: [], keyId: keyIdOf(key) };
}

const statementSchema = z.object({ subject: z.tuple([z.object({ digest: z.object({ sha256: text }) })]) });

function jsonOrNull(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return null;
  }
}

const parsedOrNull = (given: string): Envelope | null => envelopeSchema.safeParse(jsonOrNull(given)).data ?? null;

function keyFrom(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSeal, sealFile, signatureFile } from './engine/seal.ts';
import type { Problem } from './engine/verify.ts';
import { type Manifest, UserError } from './types.ts';

/** A signed in-toto statement (v1) about a run's seal, in a DSSE envelope; ed25519 by node:crypto. */
export interface Envelope {
  readonly payloadType: 'application/vnd.in-toto+json';
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string; readonly public: string }[];
}

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

/** The statement: which run, whose weights, what profile. */
function statementOf(folder: string, manifest: Manifest) {
  const seal = readFileSync(join(folder, sealFile));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: sealFile, digest: { sha256: createHash('sha256').update(seal).digest('hex') } }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: manifest.complete ? 'PASSED' : 'WARNED',
      configuration: [{ name: manifest.model.name, digest: { sha256: manifest.model.hash } }],
      tool: `plumbline-eval ${manifest.plumbline}`,
      model: manifest.model.identity,
      suites: manifest.suites,
      profile: manifest.profile,
    },
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

/** What is wrong with a run's signature, and who signed it. `trusted`: the path of the only public key that counts; null: any. */
export function signatureProblems(
  folder: string,
  trusted: string | null,
): { readonly problems: readonly Problem[]; readonly keyId: string | null } {
  const bad = (what: string) => ({ problems: [{ where: signatureFile, what }], keyId: null });
  try {
    const envelope = JSON.parse(readFileSync(join(folder, signatureFile), 'utf8')) as Envelope;
    const [signature] = envelope.signatures;
    if (!signature || envelope.payloadType !== payloadType) return bad('is not a signed statement');
    if (trusted !== null && !existsSync(trusted)) throw new UserError(`--key ${trusted}: there is no such file`);
    const key = createPublicKey(trusted === null ? signature.public : readFileSync(trusted, 'utf8'));
    const payload = Buffer.from(envelope.payload, 'base64');
    if (!verify(null, encoded(payload), key, Buffer.from(signature.sig, 'base64')))
      return bad(trusted === null ? 'the signature does not fit the statement' : 'was not signed with the given key');
    const statement = JSON.parse(payload.toString('utf8')) as {
      readonly subject: readonly { readonly digest: { readonly sha256: string } }[];
    };
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, sealFile)))
      .digest('hex');
    if (statement.subject[0]?.digest.sha256 !== digest) return bad('was made for another seal');
    return { problems: [], keyId: keyIdOf(key) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    return bad(`cannot be read (${(error as Error).message})`);
  }
}

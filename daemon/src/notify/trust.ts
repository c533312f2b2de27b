/** TLS: which certificates are taken, and what people can do where one is not. */
import { X509Certificate } from 'node:crypto';
import type { TlsWay } from '../core/notify/tls-way.ts';
import { LONGEST_NAMED, readNamed } from './secrets.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a `ca-file`, in PEM. OpenSSL would leave out in silence what is none. @throws Error that names the file */
export function readAuthorities(path: string): readonly string[] {
  const found = readNamed('ca-file', path, LONGEST_NAMED).match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error(`there is no certificate in ${path}: ca-file takes certificates in PEM`);
  if (!found.every(isCertificate)) throw new Error(`a certificate in ${path} is damaged`);
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** A failure of TLS with what to do about it; any other error as it is. */
export function withAdvice(error: unknown, way: TlsWay): unknown {
  if (!(error instanceof Error)) return error;
  const told = advice(error, way);
  return told === undefined ? error : new Error(told, { cause: error });
}

/** Codes of X509_verify_cert_error_string(3ssl), as Node has them. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function advice(error: Error, { kind, caFile }: TlsWay): string | undefined {
  const { code, message } = seen(error);
  const refused = "the server's certificate is not accepted: ";
  if (UNTRUSTED.has(code))
    return caFile === undefined
      ? `${refused}${message}; name the authority that signed it in ca-file`
      : `${refused}${message}; it is not signed by an authority in ${caFile}`;
  if (code === 'CERT_HAS_EXPIRED') return `${refused}${message}; it has to be renewed on the server`;
  if (code === 'CERT_NOT_YET_VALID') return `${refused}${message}; is the clock of this machine right?`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${refused}${message.trim()}; call the server by a name that is in it`;
  if (/:wrong version number:|:packet length too long:|:unknown protocol:|:http request:/.test(message))
    return kind === 'mail'
      ? 'the server does not speak TLS from the first byte: with STARTTLS it is tls = "required"'
      : 'the server does not speak TLS: is its URL one of http?';
  if (code === 'ETLS' && (error as { command?: unknown }).command === 'STARTTLS')
    return `the server offers no STARTTLS, and without it nothing is sent; with TLS from the first byte it is tls = "implicit" (${message})`;
  return undefined;
}

/** Nodemailer puts a code of its own in place of that of Node; Node 24 and later advise on its own command line, which nobody here writes. */
function seen(error: Error): { readonly code: string; readonly message: string } {
  const { originalCode, code } = error as { originalCode?: string; code?: string };
  return {
    code: [originalCode, code].find((one) => typeof one === 'string') ?? '',
    message: error.message.replace(/; if the root CA .*--use-system-ca$/, ''),
  };
}

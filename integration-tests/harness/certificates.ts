/** Certificates for servers of tests, made by `openssl`: an authority of our own, and what it signs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As Node's servers take it, both in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Wish {
  /** As openssl(1) has it: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  /** It was valid for one day, years ago. */
  readonly isExpired?: boolean;
}

/** An authority that no machine trusts by itself. */
export class Authority {
  /** Path of its certificate, for whoever is to trust it. */
  readonly path: string;
  readonly #folder: string;
  #count = 0;

  /** @param folder - made if it is not there */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.path = join(folder, 'authority.pem');
    const subject = ['-subj', '/CN=authority of a test', '-days', '30'];
    openssl(folder, ['req', '-x509', ...NEW_KEY, 'authority.key', '-out', 'authority.pem', ...subject]);
  }

  /** A server's certificate; of 127.0.0.1 and localhost, and valid, unless told otherwise. */
  certificate({ names = 'IP:127.0.0.1,DNS:localhost', isExpired = false }: Wish = {}): Certificate {
    this.#count += 1;
    const stem = `server-${this.#count}`;
    const [key, request, cert, extensions] = ['key', 'csr', 'pem', 'ext'].map((end) => `${stem}.${end}`) as [string, string, string, string]; // prettier-ignore
    writeFileSync(join(this.#folder, extensions), `subjectAltName=${names}\n`);
    openssl(this.#folder, ['req', ...NEW_KEY, key, '-out', request, '-subj', '/CN=server of a test']);
    const signed = [
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      'authority.pem',
      '-CAkey',
      'authority.key',
      '-CAcreateserial',
    ];
    const past = isExpired ? ['faketime', '2020-01-01 00:00:00'] : [];
    openssl(this.#folder, [...signed, '-days', '1', '-extfile', extensions, '-out', cert], past);
    const read = (name: string): string => readFileSync(join(this.#folder, name), 'utf8');
    return { key: read(key), cert: read(cert) };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout'];

function openssl(folder: string, args: readonly string[], prefix: readonly string[] = []): void {
  const [file = 'openssl', ...words] = [...prefix, 'openssl', ...args];
  execFileSync(file, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

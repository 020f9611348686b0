import type { ErrorCode } from '../../schemas/index.ts';

/** What Node says of a certificate that it does not take. */
const faults: Readonly<Record<string, ErrorCode>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_name',
  CERT_HAS_EXPIRED: 'certificate_over',
  CERT_NOT_YET_VALID: 'certificate_over',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_untrusted',
  CERT_UNTRUSTED: 'certificate_untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate_untrusted',
  INVALID_CA: 'certificate_untrusted',
};

/** What is wrong with the certificate of who was dialled, if that is why there is no connection. */
export function certificateFault(error: unknown): ErrorCode | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const fault = 'code' in at ? faults[String(at.code)] : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const said: Partial<Record<ErrorCode, string>> = {
  certificate_name: 'shows a certificate for other names',
  certificate_over: 'shows a certificate that is over, or not yet good',
  certificate_untrusted: 'shows a certificate that nobody vouches for whom this process trusts',
};

/** What is said of it. */
export const certificateSaid = (url: string, fault: ErrorCode): string => `${url} ${said[fault] ?? 'fails'}`;

const pem = (what: string, base64: string): string =>
  `-----BEGIN ${what}-----\n${base64}\n-----END ${what}-----\n`;

/** A certificate of 127.0.0.1 that nobody vouches for, with its key, for the next hundred years. */
export const certificate = {
  key: pem(
    'PRIVATE KEY',
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0fR5Ngd2R2oyTlJ5EUf6rLmG4FGK+mI2vOH7W8FQ/vKhRANCAARsTlE93Mi9BrkqX/XZpkiH4JLlTj53zSsuEudWUPP3pqGFJKa8EGglo74xU6o4kNkFvIdhXIy8LaLC0Xov6yR/',
  ),
  cert: pem(
    'CERTIFICATE',
    'MIIBfzCCASWgAwIBAgIUPHalWAQ0iU0JAyd2Pylb0exH6a4wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMzE5MzEwOFoYDzIxMjYxMDMwMTkzMTA4WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARsTlE93Mi9BrkqX/XZpkiH4JLlTj53zSsuEudWUPP3pqGFJKa8EGglo74xU6o4kNkFvIdhXIy8LaLC0Xov6yR/o1MwUTAdBgNVHQ4EFgQUjOPBuIxdFw3eLdW52U3/F587G48wHwYDVR0jBBgwFoAUjOPBuIxdFw3eLdW52U3/F587G48wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiB++PVr6U6AUpOwRyBPcT5Q4OodX8g/5UVbTUFF5GClyQIhAK5bEH1dnDhVycML6pOOT/bnl5D4B+k9STKAdDB6tb8V',
  ),
};

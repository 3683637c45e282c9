/** What proves who makes a request, for the OpenAPI document. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      "A personal access token, or the token of the data directory's `admin-token` file.",
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'sandpiper_session',
    description:
      'The session of a browser. Requests that change something need its CSRF token too.',
  },
  hookSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Hub-Signature-256',
    description:
      "The body's HMAC under the repo's hook secret, in the header of the forge that sends it.",
  },
} as const

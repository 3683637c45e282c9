/** An S3 bucket and how to get at it. */
export interface S3Settings {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`: the server, without the bucket. */
  readonly url: string
  readonly bucket: string
  readonly region: string
  readonly keyId: string
  readonly secret: string
  /** What all keys begin with; empty, or with a slash at its end. */
  readonly prefix: string
  /** Whether the bucket is part of the path, not of the host's name. */
  readonly pathStyle: boolean
  /** Times that tests shorten, in milliseconds: of one request, and before the second try. */
  readonly requestMs?: number
  readonly backoffMs?: number
}

/** Tables of logs: what is known of those that are complete, and bytes of those that still grow. */
export interface LogTables {
  step_logs: StepLogTable
  log_segments: LogSegmentTable
  claims: ClaimTable
}

/** The log of one attempt at a step, from the moment on that it is complete. */
export interface StepLogTable {
  stage_id: number
  attempt: number
  step: number
  repo_id: number
  /** Length of its NDJSON, and its checksum as the archive has it. */
  bytes: number
  sha256: string
  /** When it was complete. */
  finished: number
  /** 0 while it is where it grew; 1 once it is a blob but there too; 2 when it is a blob only. */
  archived: number
  /** Key of the blob; empty before. */
  blob_key: string
  blob_bytes: number
  /** `ArchiveIndex` as JSON; null before. */
  index_json: string | null
  /** No server but the one that set it works on the row before this time. */
  claimed_until: number
  /** When its bytes were removed; 0 while they are there. */
  removed: number
}

/** Bytes of a log that several servers must be able to read while it grows. */
export interface LogSegmentTable {
  stage_id: number
  attempt: number
  step: number
  /** Where in the log they begin, and how many they are. */
  position: number
  bytes: number
  data: Buffer
}

/** Work that one server at a time does. */
export interface ClaimTable {
  name: string
  holder: string
  /** It is free again from then on. */
  until: number
}

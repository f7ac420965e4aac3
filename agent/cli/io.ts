/** Where a command speaks and listens; tests hand in their own. */
export interface Io {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

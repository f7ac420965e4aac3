import type { SnmpCredentials } from "../../agent/estate/estate.ts";

/** The community as a text; throws where there is none. */
export function communityOf(credentials: SnmpCredentials | undefined): string {
  if (credentials === undefined || credentials.version === 3) throw new Error("these credentials hold no community");
  return credentials.community.reveal();
}

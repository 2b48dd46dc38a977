/** The id of a device or branch without its kind: `transformer:T1` is T1. */
export function plain(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}

/** What the console's server and its pages say to each other. Times are milliseconds since the epoch, of the installation's clock. */
export * from "./types/session";
export * from "./types/live";
export * from "./types/network";
export * from "./types/incidents";
export * from "./types/crews";
export * from "./types/plan";
export * from "./types/texts";
export * from "./types/figures";
export * from "./types/admin";
export * from "./types/drill";

/** services/console/api_network.py */
/** GET /api/network, cached by ETag; columns side by side. */
export interface Grid {
  version: number;
  name: string;
  attribution: string;
  bounds: [number, number, number, number];
  lon: number[];
  lat: number[];
  feeders: { id: string; name: string; substation: string; region: string; lon: number; lat: number }[];
  /** kind: 0 mv_line, 1 lv_line, 2 service, 3 switch, 4 transformer, 5 regulator. from, to, feeder are indices. */
  branches: { id: string[]; kind: number[]; from: number[]; to: number[]; feeder: number[]; normally_closed: number[] };
  depots: { id: string; name: string; region: string; lon: number; lat: number }[];
}
/** GET /api/search?q=WORDS -> {found: Found[]}, best first, at most 30. */
export interface Found {
  kind: "incident" | "hazard" | "customer" | "account" | "pole" | "device" | "crew" | "feeder" | "depot" | "place";
  id: string;
  title: string;
  detail: string;
  lon: number | null;
  lat: number | null;
  incident: string | null;
}
/** GET /api/devices/DEVICE */
export interface DeviceDetail {
  id: string;
  device_class: string;
  device_number: string;
  feeder: string;
  region: string;
  area: string;
  lon: number;
  lat: number;
  closed: boolean | null;
  normally_closed: boolean | null;
  telemetered: boolean;
  customers: number;
  parent: string | null;
  children: string[];
  incident: string | null;
  window: string | null;
}

/** Words of closed roads. */
import { words } from "../lib/words.svelte";

export const t = words(
  {
    none: "No road is closed.", unknown: "The utility has no roads: drives are estimated from the straight line.", wayIs: "way {way}", around: "{m} m around", along: "{m} m along a line", sinceBy: "since {at}, by {by}", until: "until {at}", regionIs: "region {region}",
    show: "Show", openAgain: "Open again", openTitle: "Open this road again", closeTitle: "Close a road", pick: "Where (click on the map)", placeHint: "latitude, longitude", within: "Metres around", untilWhen: "Until (may be left out)",
    region: "Region", allRegions: "All regions", close: "Close road", untilPast: "That time is past.", tree: "Tree across the road", flooded: "Flooded", wire: "Wire on the road", cleared: "Cleared",
  },
  {
    none: "没有封闭的道路。", unknown: "本企业没有道路数据：车程按直线估算。", wayIs: "道路 {way}", around: "周围 {m} 米", along: "沿线 {m} 米", sinceBy: "自 {at}，{by}", until: "至 {at}", regionIs: "区域 {region}",
    show: "显示", openAgain: "恢复通行", openTitle: "恢复该道路通行", closeTitle: "封闭道路", pick: "封闭处（在地图上点击）", placeHint: "纬度, 经度", within: "范围（米）", untilWhen: "至（可不填）",
    region: "区域", allRegions: "全部区域", close: "封闭", untilPast: "该时间已过。", tree: "树木倒伏阻断道路", flooded: "道路积水", wire: "导线落在路上", cleared: "已清除",
  },
);

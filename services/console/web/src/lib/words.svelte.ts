/** Words of the pages in every language they are shown in. An area keeps its own in `src/words/AREA.ts`:
 *  `export const t = words({ hello: "Hello {name}" }, { hello: "{name}，您好" })`, used as `t("hello", { name })`. */
export type Language = "en" | "zh";
const KEPT = "lamplighter.language";

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

class Spoken {
  now = $state<Language>(first());
  choose(language: Language) {
    this.now = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = this.locale;
  }
  get locale(): string {
    return this.now === "zh" ? "zh-CN" : "en-GB";
  }
}
export const language = new Spoken();
document.documentElement.lang = language.locale;

export type Values = Record<string, string | number>;
/** Puts values into a sentence: `{n}` is the value, `{n:customer|customers}` the first word when it is one, else the second. */
export function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text
    .replace(/\{(\w+):([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) => (String(values[name]) === "1" ? one : many))
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
/** Returns the function that says one of these sentences; both languages must have the same keys, which the type checker sees. */
export function words<Key extends string>(en: Record<Key, string>, zh: Record<Key, string>) {
  return (key: Key, values?: Values): string => fill((language.now === "zh" ? zh : en)[key], values);
}
/** Words of codes that come from the server, in both languages. */
export type Codes = Readonly<Record<string, readonly [en: string, zh: string]>>;
/** The same for codes: what is not known yet is shown as words of the code itself. */
export function codes(known: Codes) {
  return (code: string | null | undefined): string => {
    if (!code) return "";
    const found = known[code];
    return found ? found[language.now === "zh" ? 1 : 0] : asWords(code);
  };
}
export function asWords(code: string): string {
  const text = code.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_-]/g, " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

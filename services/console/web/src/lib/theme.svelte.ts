/** Light or dark: as the system says until a person chooses. */
export type Theme = "light" | "dark";
const KEPT = "lamplighter.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

class Chosen {
  now = $state<Theme>(this.first());
  private first(): Theme {
    const kept = localStorage.getItem(KEPT);
    if (kept === "light" || kept === "dark") return kept;
    return system.matches ? "dark" : "light";
  }
  constructor() {
    this.apply();
    system.addEventListener("change", () => {
      if (!localStorage.getItem(KEPT)) {
        this.now = this.first();
        this.apply();
      }
    });
  }
  choose(theme: Theme) {
    localStorage.setItem(KEPT, theme);
    this.now = theme;
    this.apply();
  }
  private apply() {
    document.documentElement.dataset.theme = this.now;
  }
}
export const theme = new Chosen();
/** The value of one of the colours of style.css as it stands now, for canvas. Read `theme.now` beside it to follow changes. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** What is told in passing: an action was taken, decided, refused. It stays until read when it is bad. */
import { ApiError, AwayError } from "./api";
import { refusal } from "../words/refusals";
import { t } from "../words/shell";

/** What may be done about it at once, as a button in the toast. */
export interface ToastDeed { text: string; run: () => void }
export interface Toast { id: number; kind: "good" | "bad" | "info"; text: string; more: string; deed: ToastDeed | null }
class Toasts {
  all = $state.raw<readonly Toast[]>([]);
  private last = 0;
  say(kind: Toast["kind"], text: string, more = "", deed: ToastDeed | null = null): number {
    const id = (this.last += 1);
    this.all = [...this.all.slice(-3), { id, kind, text, more, deed }];
    if (kind !== "bad") setTimeout(() => this.close(id), deed ? 12_000 : 6_000);
    return id;
  }
  /** Tells an error of `api()` in words. */
  fail(error: unknown) {
    if (error instanceof ApiError) this.say("bad", refusal(error), error.detail);
    else if (error instanceof AwayError) this.say("bad", t("away"));
    else throw error;
  }
  close(id: number) {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}
export const toasts = new Toasts();

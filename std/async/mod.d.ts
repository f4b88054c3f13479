export * from "./abortable.d.ts";
export * from "./deadline.d.ts";
export * from "./debounce.d.ts";
export * from "./delay.d.ts";
export * from "./pool.d.ts";
export * from "./retry.d.ts";

// deno-std's own async/mod fails at import, so this face is assembled here.
// @ts-self-types="./mod.d.ts"
export * from "./abortable.js";
export * from "./deadline.js";
export * from "./debounce.js";
export * from "./delay.js";
export * from "./pool.js";
export * from "./retry.js";

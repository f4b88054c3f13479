/**
 * `using` and `await using`, for runtimes and TypeScript libraries with and without them: Vite's templates have the `lib` ES2022 or
 * ES2023, where `Disposable` and `Symbol.dispose` are unknown, and Safari before 18.4 has no such symbols.
 *
 * @module
 */

/** `Disposable`, if the program's `lib` has it. */
export type OptionalDisposable = SymbolConstructor extends
  { readonly dispose: infer S extends symbol } ? { [K in S]: () => void }
  : object;

/** `AsyncDisposable`, if the program's `lib` has it. */
export type OptionalAsyncDisposable = SymbolConstructor extends
  { readonly asyncDispose: infer S extends symbol }
  ? { [K in S]: () => Promise<void> }
  : object;

/** The symbols that a runtime may lack. */
interface DisposeSymbols {
  readonly dispose?: symbol;
  readonly asyncDispose?: symbol;
}

/**
 * Adds the method of `Symbol.dispose` or `Symbol.asyncDispose` to a class, if the runtime has the symbol.
 *
 * @typeParam T the class's instances.
 * @param prototype the class's prototype.
 * @param name the symbol's name.
 * @param dispose the method.
 */
export function addDispose<T extends object>(
  prototype: T,
  name: "dispose" | "asyncDispose",
  dispose: (this: T) => unknown,
): void {
  const symbol = (Symbol as DisposeSymbols)[name];
  if (symbol === undefined) return;
  Object.defineProperty(prototype, symbol, {
    value: dispose,
    configurable: true,
    writable: true,
  });
}

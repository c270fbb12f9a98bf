type Listen = EventTarget["addEventListener"];

/** A page that shows, until the end of the scope: a browser's own, or one made up. */
export function fakePage() {
  const scope = globalThis as { document?: EventTarget; addEventListener?: Listen };
  const isReal = scope.document !== undefined;
  const document = scope.document ??= new EventTarget();
  const { addEventListener } = scope;
  const heard: string[] = [];
  const state = (visibilityState: string) =>
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      value: visibilityState,
    });
  state("visible");
  if (addEventListener !== undefined) {
    scope.addEventListener = (type: string, ...rest: unknown[]) => {
      heard.push(type);
      Reflect.apply(addEventListener, globalThis, [type, ...rest]);
    };
  }
  return {
    /** The events that the page's window was asked for. */
    heard,
    /** Makes the page visible or hidden. */
    show: (visibilityState: "visible" | "hidden") => {
      state(visibilityState);
      document.dispatchEvent(new Event("visibilitychange"));
    },
    [Symbol.dispose]: () => {
      if (addEventListener !== undefined) scope.addEventListener = addEventListener;
      if (isReal) Reflect.deleteProperty(document, "visibilityState");
      else Reflect.deleteProperty(scope, "document");
    },
  };
}

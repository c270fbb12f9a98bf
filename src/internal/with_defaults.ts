/** Options as they are written: each may be absent, and `undefined` counts as absent. */
export type Optional<Settings> = {
  readonly [Name in keyof Settings]?: Settings[Name] | undefined;
};

/** Settings with the options that are given in the place of the defaults. */
export function withDefaults<Settings extends object>(
  defaults: Settings,
  options: Optional<Settings>,
): Settings {
  const settings = { ...defaults };
  for (const name of Object.keys(options) as (keyof Settings)[]) {
    const value = options[name];
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

/** What a metadata field means. */
export interface FieldDescription {
  /** What it says. */
  readonly description: string;
  /** Its unit, such as `"By"`. Default: none. */
  readonly unit?: string;
}

/** What an event means, for people and for the documents made from a catalog. */
export interface EventDescription<Metadata = unknown> {
  /** What has happened when it is published. */
  readonly description: string;
  /** The metadata's fields. */
  readonly metadata?: Readonly<
    Partial<Record<Metadata extends object ? keyof Metadata & string : never, FieldDescription>>
  >;
}

/** What a metadata field means. */
export interface FieldDescription {
  /** What it means. */
  readonly description: string;
  /** Its unit, such as `"By"`. Default: none. */
  readonly unit?: string;
}

/** What an event means, for generated documents. */
export interface EventDescription<Metadata = unknown> {
  /** What happened when it is published. */
  readonly description: string;
  /** The metadata's fields. */
  readonly metadata?: Readonly<
    Partial<Record<Metadata extends object ? keyof Metadata & string : never, FieldDescription>>
  >;
}
